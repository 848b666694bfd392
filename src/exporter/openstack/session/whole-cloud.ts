import { ServiceForbidden } from './service-error.ts';
import type { Session } from './session.ts';

/**
 * Cinder and Neutron give those who may not read all projects their own, without a word. What proves that a list is of
 * all projects is the administrator's role, or something of another project in it.
 */
export async function requireWholeCloud(
  session: Session,
  what: string,
  projectIds: Iterable<string>,
): Promise<void> {
  const { projectId: own, project, roles } = await session.signIn();
  if (roles.includes('admin')) return;
  for (const projectId of projectIds) if (projectId !== own) return;
  if (own === undefined)
    throw new ServiceForbidden(
      `${what} are not shown to a user of the system without the role admin; sign in to a project`,
    );
  throw new ServiceForbidden(
    `${what} are to be seen of the project '${project ?? ''}' alone; give the user of the exporter a role that may read those of all projects`,
  );
}
