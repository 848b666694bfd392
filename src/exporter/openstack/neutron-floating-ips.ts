import { z } from 'zod';
import { linksSchema } from './session/links-schema.ts';
import { nextMarker, parseBody, readPages } from './session/pages.ts';
import type { SampledService } from './sampled-service.ts';
import type { Session } from './session/session.ts';
import { requireWholeCloud } from './session/whole-cloud.ts';

export interface FloatingIp {
  id: string;
  projectId: string;
  /** Undefined if Neutron keeps no times. */
  createdMs: number | undefined;
}

export interface FloatingIpsQuery {
  /** True for all projects, false for the token's own project only, even for an administrator. */
  allProjects: boolean;
  /** Floating IPs per page; undefined for 1000. */
  pageSize?: number | undefined;
}

const utcTime = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const pageSchema = z.object({
  floatingips: z.array(
    z.object({
      id: z.string(),
      project_id: z.string().optional(),
      tenant_id: z.string().optional(),
      created_at: utcTime.nullish(),
    }),
  ),
  floatingips_links: linksSchema,
});

/**
 * The present floating IPs, used or not: all pages of Neutron's `GET /floatingips`. Throws `ServiceMissing` for a Neutron without
 * routers, and `ServiceForbidden` if all projects are wanted and the user sees only the own project.
 */
export async function readFloatingIps(session: Session, query: FloatingIpsQuery): Promise<FloatingIp[]> {
  const { projectId: own } = await session.signIn();
  const filter = query.allProjects || own === undefined ? {} : { project_id: own };
  const found = await readPages('Neutron', async (marker) => {
    const { body } = await session.get({
      service: 'network',
      path: '/floatingips',
      query: {
        fields: ['id', 'project_id', 'tenant_id', 'created_at'],
        limit: String(query.pageSize ?? 1000),
        ...filter,
        ...(marker === undefined ? {} : { marker }),
      },
    });
    const page = parseBody(pageSchema, body, "Neutron's list of floating IPs");
    return {
      items: page.floatingips.map(describe),
      nextMarker: nextMarker('Neutron', page.floatingips_links),
    };
  });
  if (query.allProjects)
    await requireWholeCloud(
      session,
      "Neutron's floating IPs",
      found.map(({ projectId }) => projectId),
    );
  return found;
}

function describe(ip: z.output<typeof pageSchema>['floatingips'][number]): FloatingIp {
  return { id: ip.id, projectId: ip.project_id ?? ip.tenant_id ?? '', createdMs: ip.created_at ?? undefined };
}

export const floatingIps = {
  resource: 'floating_ip',
  right: 'floating IPs of all projects',
  read: async (session, { allProjects }) => {
    const found = await readFloatingIps(session, { allProjects });
    return found.map(({ projectId, createdMs: sinceMs }) => ({
      resource: 'floating_ip',
      projectId,
      amount: 1,
      sinceMs,
    }));
  },
} as const satisfies SampledService;
