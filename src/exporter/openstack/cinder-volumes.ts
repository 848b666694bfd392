import { z } from 'zod';
import { linksSchema } from './session/links-schema.ts';
import { parseNovaTime } from './session/nova-time.ts';
import { nextMarker, parseBody, readPages } from './session/pages.ts';
import type { SampledService } from './sampled-service.ts';
import type { Session } from './session/session.ts';
import { volumeTypeResource } from './volume-type-resource.ts';
import { requireWholeCloud } from './session/whole-cloud.ts';

export interface Volume {
  id: string;
  projectId: string;
  sizeGb: number;
  /** The name of the volume type; undefined for a volume without a type. */
  volumeType: string | undefined;
  createdMs: number;
}

export interface VolumesQuery {
  /** True for all projects, false for the token's own project only. */
  allProjects: boolean;
  /** Volumes per page; undefined for Cinder's own limit. */
  pageSize?: number | undefined;
}

const volumeSchema = z.object({
  id: z.string(),
  size: z.int().nonnegative(),
  volume_type: z.string().nullish(),
  created_at: z.string(),
  'os-vol-tenant-attr:tenant_id': z.string().optional(),
});
const pageSchema = z.object({ volumes: z.array(volumeSchema), volumes_links: linksSchema });

/**
 * The present volumes: all pages of Cinder's `GET /volumes/detail`. Throws `ServiceForbidden` if all projects are wanted and the
 * user sees only the own project.
 */
export async function readVolumes(session: Session, query: VolumesQuery): Promise<Volume[]> {
  const { projectId: own } = await session.signIn();
  const found = await readPages('Cinder', async (marker) => await readPage(session, query, marker, own));
  if (query.allProjects)
    await requireWholeCloud(
      session,
      "Cinder's volumes",
      found.map(({ projectId }) => projectId),
    );
  return found;
}

async function readPage(
  session: Session,
  { allProjects, pageSize }: VolumesQuery,
  marker: string | undefined,
  own: string | undefined,
) {
  const { body } = await session.get({
    service: 'volume',
    path: '/volumes/detail',
    query: {
      ...(allProjects ? { all_tenants: '1' } : {}),
      ...(pageSize === undefined ? {} : { limit: String(pageSize) }),
      ...(marker === undefined ? {} : { marker }),
    },
  });
  const page = parseBody(pageSchema, body, "Cinder's list of volumes");
  const items = page.volumes.map((volume) => describe(volume, own));
  return { items, nextMarker: nextMarker('Cinder', page.volumes_links) };
}

/** A volume without a project id belongs to the only project that the user sees. */
function describe(volume: z.output<typeof volumeSchema>, own: string | undefined): Volume {
  return {
    id: volume.id,
    projectId: volume['os-vol-tenant-attr:tenant_id'] ?? own ?? '',
    sizeGb: volume.size,
    volumeType: volume.volume_type ?? undefined,
    createdMs: parseNovaTime(volume.created_at) ?? 0,
  };
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
