import { describe, expect, it } from 'vitest';
import { readMeteredCloud } from './metered-cloud.ts';
import { newMeterState, type RememberedServer } from '../metering/meter-state.ts';
import { readCredentials } from '../openstack/credentials/credentials.ts';
import { answerError } from '../openstack/session/service-error.ts';
import type { Session } from '../openstack/session/session.ts';
import { countedBefore } from './refresh.ts';

const ALL = { names: [], ids: [] };
const credentials = readCredentials({
  OS_AUTH_URL: 'http://keystone:5000',
  OS_USER_ID: 'u',
  OS_PASSWORD: 'p',
  OS_PROJECT_ID: 'own',
});

/** A user with a role in these projects, and Keystone's answer about another project. */
function member(ids: readonly string[], statusOfOthers: number) {
  const asked: string[] = [];
  const timing = { sentMs: 0, receivedMs: 0, dateMs: undefined };
  const token = { catalog: [], user: 'u', project: 'own', projectId: 'own', roles: [], domains: [] };
  const session: Session = {
    credentials,
    inProject: () => session,
    signIn: async () => await Promise.resolve(token),
    get: async ({ path }) => {
      if (path !== '/auth/projects') {
        asked.push(String(path));
        throw answerError('Keystone', `GET ${String(path)}`, path === '/domains' ? 403 : statusOfOthers, {});
      }
      const projects = ids.map((id) => ({ id, name: id, domain_id: 'default' }));
      return await Promise.resolve({ status: 200, headers: {}, body: { projects }, timing });
    },
  };
  const read = async (projects: readonly string[]) =>
    (await readMeteredCloud(session, ALL, { allProjects: false, projects })).projects.map(({ id }) => id);
  return { read, asked };
}

describe('a project in the totals that a user without further rights no longer sees', () => {
  it('is an error, unless Keystone says that it is deleted', async () => {
    const { read } = member(['own'], 403);
    await expect(read(['own', 'gone/part'])).rejects.toThrow(
      /has lost its role in the project gone, .*deleted/,
    );
  });

  it('does not stop the other projects if Keystone says that it is deleted, and is asked for once', async () => {
    const { read, asked } = member(['own', 'pool'], 404);
    expect(await read(['own', 'pool/part', 'gone', 'gone/a', 'gone/b/c'])).toEqual(['own', 'pool']);
    expect(asked).toEqual(['/domains', '/projects/gone']);
  });

  it('is not given up after any other answer of Keystone', async () => {
    await expect(member(['own'], 500).read(['gone'])).rejects.toThrow('Keystone answers 500');
  });

  it('is expected while its servers ran at the last refresh, for a day without a refresh', () => {
    const amounts = { vcpu: 1, mb: 1, disk_gb: 1, instance: 1 };
    const server: RememberedServer = { projectId: 'p', launches: [{ atMs: 0, amounts }] };
    const servers = new Map([
      ['running', server],
      ['absent', { ...server, projectId: 'gone', absentSinceMs: 0 }],
    ]);
    const meter = { ...newMeterState('e', 0), servers };
    const state = { meter, allProjects: false, names: new Map(), sampled: new Map(), flavorGpus: new Map() };
    const DAY_MS = 24 * 3_600_000;
    const expected = (nowMs: number) => [...countedBefore(state, nowMs).projects];
    expect([expected(DAY_MS), expected(DAY_MS + 1)]).toEqual([['p'], []]);
  });
});
