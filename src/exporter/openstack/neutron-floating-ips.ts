import { z } from 'zod';
import { linksSchema } from './session/links-schema.ts';
import { readProjectList, type ListQuery } from './session/project-list.ts';
import type { SampledService } from './sampled-service.ts';
import type { Session } from './session/session.ts';

const floatingIp = z
  .object({
    id: z.string(),
    project_id: z.string().optional(),
    tenant_id: z.string().optional(),
    created_at: z.iso
      .datetime({ offset: true })
      .transform((text) => Date.parse(text))
      .nullish(),
  })
  .transform(({ id, project_id, tenant_id, created_at }) => ({
    id,
    projectId: project_id ?? tenant_id,
    /** Undefined if Neutron keeps no times. */
    createdMs: created_at ?? undefined,
  }));

const list = {
  service: 'network',
  name: 'Neutron',
  things: 'floating IPs',
  path: '/floatingips',
  page: z
    .object({ floatingips: z.array(floatingIp), floatingips_links: linksSchema })
    .transform(({ floatingips: items, floatingips_links: links }) => ({ items, links })),
} as const;

/**
 * The present floating IPs, used or not: of the own project only, even for an administrator, unless the query is for all
 * projects. Throws as `readProjectList`, and `ServiceMissing` for a Neutron without routers.
 */
export async function readFloatingIps(session: Session, { allProjects, pageSize = 1000 }: ListQuery) {
  const { projectId: own } = await session.signIn();
  const filter = {
    fields: ['id', 'project_id', 'tenant_id', 'created_at'],
    ...(allProjects || own === undefined ? {} : { project_id: own }),
  };
  return await readProjectList(session, list, { allProjects, pageSize }, filter);
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
