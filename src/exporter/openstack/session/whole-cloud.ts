import { ServiceForbidden } from './service-error.ts';
import type { Session } from './session.ts';

/**
 * Throws `ServiceForbidden` unless a list is of all projects. Cinder and Neutron silently list only the own project to a user who
 * may not read all. The administrator's role, or an object of another project in the list, proves that the list is of all.
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
      `${what} are not shown in system scope without the role admin; sign in to a project`,
    );
  throw new ServiceForbidden(
    `only ${what} of the project '${project ?? ''}' are shown; give the exporter's user a role that may read those of all projects`,
  );
}
