import { expect, it } from 'vitest';
import { RESOURCE_NAMES } from '../../src/exporter/settings/resources.ts';
import { counted } from '../../src/runtime/counted.ts';
import { describeWith } from '../support/describe-with.ts';
import { signIn } from './nova.ts';
import { signedIn } from './client.ts';
import { openstackEnvironment } from './environment.ts';
import { runStackmeter, temporaryFolder } from '../support/processes.ts';

const SETTLING_MS = 60_000;
const HOUR_MS = 3_600_000;
const OTHERS = 'all projects except those in which the user has a role';
const ADVICE = 'give the user of the exporter a role that may read this';

function nextStep(right: string): string {
  return `next      make it possible to read ${right} (see above), or go on: the exporter starts without it`;
}

/** Lines about services that this cloud does not have. */
const MISSING = [
  'cannot    read floating IPs of all projects, which costs the resource floating_ip (Neutron answers 404 to GET /floatingips: The resource could not be found)',
  "cannot    read object storage of all projects, which costs the resource object_gb (Keystone's catalog has no object-store service: this cloud has no Swift)",
];
const ADMINISTRATOR = [
  'can       read projects',
  'can       read domains',
  'can       read usage of all projects',
  'can       read servers of all projects',
  'can       read actions on servers',
  'can       read extra specs of flavors',
  'can       read volumes of all projects',
  ...MISSING,
  'can       read snapshots of all projects',
  nextStep('floating IPs of all projects'),
];
const MEMBER = [
  `cannot    read projects, which costs ${OTHERS} (Keystone answers 403 to GET /projects: You are not authorized to perform the requested action: identity:list_projects; ${ADVICE})`,
  `cannot    read domains, which costs ${OTHERS} (Keystone answers 403 to GET /domains: You are not authorized to perform the requested action: identity:list_domains; ${ADVICE})`,
  `cannot    read usage of all projects, which costs ${OTHERS} (Nova answers 403 to GET /os-simple-tenant-usage: Policy doesn't allow os_compute_api:os-simple-tenant-usage:list to be performed; ${ADVICE})`,
  `cannot    read servers of all projects, which costs --split-project, for a project in which the user has no role (Nova answers 403 to GET /servers/detail: Policy doesn't allow os_compute_api:servers:detail:get_all_tenants to be performed; ${ADVICE})`,
  'can       read actions on servers',
  'can       read extra specs of flavors',
  `cannot    read volumes of all projects, which costs the resource volume_gb of ${OTHERS} (only Cinder's volumes of the project 'demo' are shown; give the exporter's user a role that may read those of all projects)`,
  ...MISSING,
  `cannot    read snapshots of all projects, which costs the resource snapshot_gb of ${OTHERS} (only Cinder's snapshots of the project 'demo' are shown; give the exporter's user a role that may read those of all projects)`,
  nextStep('projects'),
];

describeWith(['openstack'], '--check of a real OpenStack', ({ openstack }) => {
  const environment = openstackEnvironment(openstack);
  const beside = (name: string) => openstackEnvironment(openstack.replace(/openrc$/, name));
  const keystone = environment['OS_AUTH_URL'] ?? '';

  /** The line about running servers by Nova's own numbers, for these projects or for all. */
  async function running(among?: ReadonlySet<string>): Promise<string> {
    const endMs = Math.floor((Date.now() - SETTLING_MS) / 1000) * 1000;
    const counts = await (await signIn(environment)).servers(endMs - HOUR_MS, endMs);
    const ran = [...counts].filter(([id, count]) => count > 0 && (among === undefined || among.has(id)));
    const servers = ran.reduce((sum, [, count]) => sum + count, 0);
    return `Nova      ${counted(servers, 'server')} of ${counted(ran.length, 'project')} ran in the last hour`;
  }

  /** The output, and Nova's count from before or after it. Servers come into the last hour and leave it: then it looks again. */
  async function check(env: Record<string, string>, among?: Set<string>) {
    const everything = ['--split-project', 'pool', '--server-hours', '--resources', ...RESOURCE_NAMES];
    for (let before = await running(among); ;) {
      const { code, output } = await runStackmeter(['exporter', '--check', ...everything], {
        cwd: temporaryFolder(),
        env,
      });
      const after = await running(among);
      const nova = [before, after].find((count) => output.includes(count));
      if (nova !== undefined || before === after)
        return { nova: nova ?? after, printed: { code, lines: output.split('\n') } };
      before = after;
    }
  }

  const credentialByName = async () => {
    const { OS_APPLICATION_CREDENTIAL_ID: id, ...rest } = beside('openrc-appcred');
    const call = await signedIn(environment, { name: 'admin', domain: { id: 'default' } });
    const { users } = await call<{ users: { id: string }[] }>('GET', `${keystone}/users?name=admin`);
    const { application_credential: found } = await call<{ application_credential: { name: string } }>(
      'GET',
      `${keystone}/users/${users[0]?.id}/application_credentials/${id}`,
    );
    const user = { OS_USERNAME: 'admin', OS_USER_DOMAIN_NAME: 'Default' };
    return { ...rest, ...user, OS_APPLICATION_CREDENTIAL_NAME: found.name };
  };

  it.each([
    ['the administrator', async () => await Promise.resolve(environment)],
    [
      'an application credential of the administrator, by id',
      async () => await Promise.resolve(beside('openrc-appcred')),
    ],
    ['an application credential of the administrator, by name', credentialByName],
  ])('shows that %s can read everything', async (_, env) => {
    const { size } = await (await signIn(environment)).projectNames();
    const { nova, printed } = await check(await env());
    const lines = [
      `Keystone  ${keystone}: signed in as 'admin', project 'admin', region 'RegionOne'`,
      `          ${size} projects in the domains 'Default', 'elixir'`,
      nova,
      ...ADMINISTRATOR,
      '',
    ];
    expect(printed).toEqual({ code: 0, lines });
  });

  it.each(['reader', 'owner'])(
    'shows that %s, a user with roles only in projects, reads only these',
    async (user) => {
      const env = beside(`openrc-${user}`);
      const call = await signedIn(env, { name: 'demo', domain: { id: 'default' } });
      const { projects } = await call<{ projects: { id: string; name: string; enabled: boolean }[] }>(
        'GET',
        `${keystone}/auth/projects`,
      );
      const own = projects.filter(({ enabled }) => enabled);
      const names = own.map(
        ({ name }) => `'${name.replaceAll('\t', '\\u{9}').replaceAll('\u200B', '\\u{200b}')}'`,
      );
      const { nova, printed } = await check(env, new Set(own.map(({ id }) => id)));
      const projectNames = `${own.length === 1 ? 'project' : 'projects'} ${names.sort().join(', ')}`;
      const lines = [
        `Keystone  ${keystone}: signed in as '${user}', project 'demo', region 'RegionOne'`,
        `          only the ${projectNames} can be read, by the roles of the user: only that usage is exported`,
        nova,
        ...MEMBER,
        '',
      ];
      expect(printed).toEqual({ code: 0, lines });
    },
  );
});
