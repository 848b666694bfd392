import { z } from 'zod';
import { cinderFilter } from './cinder-volumes.ts';
import { linksSchema } from './session/links-schema.ts';
import { parseNovaTime } from './session/nova-time.ts';
import { readProjectList, type ListQuery } from './session/project-list.ts';
import type { SampledService } from './sampled-service.ts';
import type { Session } from './session/session.ts';

const snapshot = z
  .object({
    id: z.string(),
    size: z.int().nonnegative(),
    created_at: z.string(),
    'os-extended-snapshot-attributes:project_id': z.string().optional(),
  })
  .transform(({ id, size, created_at, 'os-extended-snapshot-attributes:project_id': projectId }) => ({
    id,
    projectId,
    /** The size of the volume when the snapshot was taken. */
    sizeGb: size,
    createdMs: parseNovaTime(created_at) ?? 0,
  }));

const list = {
  service: 'volume',
  name: 'Cinder',
  things: 'snapshots',
  path: '/snapshots/detail',
  page: z
    .object({ snapshots: z.array(snapshot), snapshots_links: linksSchema })
    .transform(({ snapshots: items, snapshots_links: links }) => ({ items, links })),
} as const;

/** The present snapshots of volumes. Throws as `readProjectList`. */
export async function readSnapshots(session: Session, query: ListQuery) {
  return await readProjectList(session, list, query, cinderFilter(query));
}

export const snapshots = {
  resource: 'snapshot_gb',
  right: 'snapshots of all projects',
  read: async (session, { allProjects }) => {
    const found = await readSnapshots(session, { allProjects });
    return found.map(({ projectId, sizeGb: amount, createdMs: sinceMs }) => ({
      resource: 'snapshot_gb',
      projectId,
      amount,
      sinceMs,
    }));
  },
} as const satisfies SampledService;
