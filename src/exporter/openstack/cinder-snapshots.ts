import { z } from 'zod';
import { linksSchema } from './session/links-schema.ts';
import { parseNovaTime } from './session/nova-time.ts';
import { nextMarker, parseBody, readPages } from './session/pages.ts';
import type { SampledService } from './sampled-service.ts';
import type { Session } from './session/session.ts';
import { requireWholeCloud } from './session/whole-cloud.ts';

export interface Snapshot {
  id: string;
  projectId: string;
  /** The size of the volume when the snapshot was taken. */
  sizeGb: number;
  createdMs: number;
}

export interface SnapshotsQuery {
  /** True for all projects, false for the token's own project only. */
  allProjects: boolean;
  /** Snapshots per page; undefined for Cinder's own limit. */
  pageSize?: number | undefined;
}

const snapshotSchema = z.object({
  id: z.string(),
  size: z.int().nonnegative(),
  created_at: z.string(),
  'os-extended-snapshot-attributes:project_id': z.string().optional(),
});
const pageSchema = z.object({ snapshots: z.array(snapshotSchema), snapshots_links: linksSchema });

/**
 * The present snapshots of volumes: all pages of Cinder's `GET /snapshots/detail`. Throws `ServiceForbidden` if all projects are
 * wanted and the user sees only the own project.
 */
export async function readSnapshots(session: Session, query: SnapshotsQuery): Promise<Snapshot[]> {
  const { projectId: own } = await session.signIn();
  const found = await readPages('Cinder', async (marker) => await readPage(session, query, marker, own));
  if (query.allProjects)
    await requireWholeCloud(
      session,
      "Cinder's snapshots",
      found.map(({ projectId }) => projectId),
    );
  return found;
}

async function readPage(
  session: Session,
  { allProjects, pageSize }: SnapshotsQuery,
  marker: string | undefined,
  own: string | undefined,
) {
  const { body } = await session.get({
    service: 'volume',
    path: '/snapshots/detail',
    query: {
      ...(allProjects ? { all_tenants: '1' } : {}),
      ...(pageSize === undefined ? {} : { limit: String(pageSize) }),
      ...(marker === undefined ? {} : { marker }),
    },
  });
  const page = parseBody(pageSchema, body, "Cinder's list of snapshots");
  const items = page.snapshots.map((snapshot) => describe(snapshot, own));
  return { items, nextMarker: nextMarker('Cinder', page.snapshots_links) };
}

/** A snapshot without a project id belongs to the only project that the user sees. */
function describe(snapshot: z.output<typeof snapshotSchema>, own: string | undefined): Snapshot {
  return {
    id: snapshot.id,
    projectId: snapshot['os-extended-snapshot-attributes:project_id'] ?? own ?? '',
    sizeGb: snapshot.size,
    createdMs: parseNovaTime(snapshot.created_at) ?? 0,
  };
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
