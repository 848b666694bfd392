import { describe, expect, it } from 'vitest';
import { readCredentials } from './credentials/credentials.ts';
import { chooseDomains, readDomains, readProjects } from './keystone.ts';
import type { Session } from './session/session.ts';

const domains = [
  { id: 'default', name: 'Default' },
  { id: 'd2', name: 'elixir' },
];
const all = { names: [], ids: [] };

const credentials = readCredentials({
  OS_AUTH_URL: 'http://keystone:5000',
  OS_USER_ID: 'u',
  OS_PASSWORD: 'p',
  OS_PROJECT_ID: 'p',
});

/** A session whose Keystone answers by path and query. */
function keystone(answers: Record<string, unknown>): Session {
  return {
    credentials,
    inProject: () => undefined,
    signIn: async () =>
      await Promise.resolve({ catalog: [], user: 'u', project: 'p', projectId: 'p', roles: [], domains: [] }),
    get: async ({ path, query = {} }) => {
      const key = [path, new URLSearchParams(query).toString()].join('?').replace(/\?$/, '');
      const timing = { sentMs: 0, receivedMs: 0, dateMs: undefined };
      return await Promise.resolve({ status: 200, headers: {}, body: answers[key], timing });
    },
  };
}

describe('the metered domains', () => {
  it('are all domains, or those given by name, as Keystone compares names, or by id', () => {
    expect(chooseDomains(domains, all)).toEqual(domains);
    expect(chooseDomains(domains, { names: ['ELIXIR'], ids: [] })).toEqual([domains[1]]);
    expect(chooseDomains(domains, { names: ['elixir'], ids: ['default'] })).toEqual(domains);
  });

  it('have the exact name if it exists, and are never one of several that differ in case', () => {
    const two = [...domains, { id: 'd3', name: 'Elixir' }];
    expect(chooseDomains(two, { names: ['Elixir'], ids: [] })).toEqual([two[2]]);
    expect(() => chooseDomains(two, { names: ['ELIXIR'], ids: [] })).toThrow(
      "Keystone knows 'elixir' and 'Elixir': which domain is 'ELIXIR'? Write the exact name, or give the id",
    );
  });

  it('must exist', () => {
    expect(() => chooseDomains(domains, { names: ['atlantis'], ids: [] })).toThrow(
      "Keystone knows no domain 'atlantis'; there are Default, elixir",
    );
    expect(() => chooseDomains(domains, { names: [], ids: ['elixir'] })).toThrow(
      "Keystone knows no domain with id 'elixir'",
    );
  });
});

describe('a list of Keystone', () => {
  const projects = [
    { id: 'p2', name: 'same "name"', domain_id: 'd2', enabled: false },
    { id: 'p1', name: 'tab\there', domain_id: 'default', enabled: true },
  ];

  it('has projects sorted by id, with their domains, disabled projects included', async () => {
    const session = keystone({ '/projects': { projects, links: { next: null } } });
    expect(await readProjects(session, domains, all)).toEqual([
      { id: 'p1', name: 'tab\there', domain: domains[0] },
      { id: 'p2', name: 'same "name"', domain: domains[1] },
    ]);
  });

  it('is read by domain if domains are given', async () => {
    const session = keystone({ '/projects?domain_id=d2': { projects: projects.slice(0, 1) } });
    const filter = { names: ['elixir'], ids: [] };
    const found = await readProjects(session, domains.slice(1), filter);
    expect(found.map(({ id }) => id)).toEqual(['p2']);
  });

  it.each([
    [{ domains, truncated: true }, 'Keystone cuts its list of domains short'],
    [
      { domains, links: { next: 'http://keystone/v3/domains?page=2' } },
      'Keystone cuts its list of domains short',
    ],
    [{ domains: [{ id: 'd1' }] }, "Keystone's list of domains is not in the form"],
    [{ projects }, "Keystone's list of domains is not in the form"],
    [null, "Keystone's list of domains is not in the form"],
  ])('is complete, or an error', async (body, message) => {
    await expect(readDomains(keystone({ '/domains': body }), all)).rejects.toThrow(message);
  });
});
