import { z } from 'zod';
import { linksSchema } from './session/links-schema.ts';
import { parseNovaTime } from './session/nova-time.ts';
import { readProjectList, type ListQuery } from './session/project-list.ts';
import type { SampledService } from './sampled-service.ts';
import type { Session } from './session/session.ts';
import { volumeTypeResource } from './volume-type-resource.ts';

const volume = z
  .object({
    id: z.string(),
    size: z.int().nonnegative(),
    volume_type: z.string().nullish(),
    created_at: z.string(),
    'os-vol-tenant-attr:tenant_id': z.string().optional(),
  })
  .transform(({ id, size, volume_type, created_at, 'os-vol-tenant-attr:tenant_id': projectId }) => ({
    id,
    projectId,
    sizeGb: size,
    /** The name of the volume type; undefined for a volume without a type. */
    volumeType: volume_type ?? undefined,
    createdMs: parseNovaTime(created_at) ?? 0,
  }));

const list = {
  service: 'volume',
  name: 'Cinder',
  things: 'volumes',
  path: '/volumes/detail',
  page: z
    .object({ volumes: z.array(volume), volumes_links: linksSchema })
    .transform(({ volumes: items, volumes_links: links }) => ({ items, links })),
} as const;

export function cinderFilter({ allProjects }: ListQuery): Record<string, string> {
  return allProjects ? { all_tenants: '1' } : {};
}

/** The present volumes. Throws as `readProjectList`. */
export async function readVolumes(session: Session, query: ListQuery) {
  return await readProjectList(session, list, query, cinderFilter(query));
}

export const volumes = {
  resource: 'volume_gb',
  right: 'volumes of all projects',
  read: async (session, { allProjects }) => {
    const found = await readVolumes(session, { allProjects });
    return found.flatMap(({ projectId, sizeGb: amount, createdMs: sinceMs, volumeType }) => [
      { resource: 'volume_gb', projectId, amount, sinceMs },
      { resource: volumeTypeResource(volumeType), projectId, amount, sinceMs },
    ]);
  },
} as const satisfies SampledService;
