import { randomUUID } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { inAdminProject, type Call } from './client.ts';

/** Makes a user with these roles in the administrator's project, and missing roles; returns the user's variables. */
export async function createUser(
  admin: Record<string, string>,
  roles: readonly string[],
): Promise<Record<string, string>> {
  const call = await inAdminProject(admin);
  const keystone = admin['OS_AUTH_URL'] ?? '';
  const [name, password] = [`stackmeter-${randomUUID()}`, randomUUID()];
  const { user } = await call<{ user: { id: string } }>('POST', `${keystone}/users`, {
    user: { name, password, domain_id: 'default' },
  });
  onTestFinished(async () => await call('DELETE', `${keystone}/users/${user.id}`));
  const { projects } = await call<{ projects: { id: string }[] }>(
    'GET',
    `${keystone}/projects?name=${admin['OS_PROJECT_NAME']}&domain_id=default`,
  );
  for (const role of roles)
    await call(
      'PUT',
      `${keystone}/projects/${projects[0]?.id}/users/${user.id}/roles/${await roleId(call, keystone, role)}`,
    );
  return { ...admin, OS_USERNAME: name, OS_PASSWORD: password };
}

async function roleId(call: Call, keystone: string, name: string): Promise<string> {
  const { roles } = await call<{ roles: { id: string }[] }>('GET', `${keystone}/roles?name=${name}`);
  if (roles[0] !== undefined) return roles[0].id;
  const { role } = await call<{ role: { id: string } }>('POST', `${keystone}/roles`, { role: { name } });
  onTestFinished(async () => await call('DELETE', `${keystone}/roles/${role.id}`));
  return role.id;
}
