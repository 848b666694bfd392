import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startPortalIn, stackmeter } from '../support/portal-under-test.ts';
import { temporaryFolder } from '../support/processes.ts';

const SITES = ['site-a', 'site-b']
  .map(
    (name) =>
      `[[site]]\nname = "${name}"\nurl = "http://127.0.0.1:9"\nunsafe_plain_http = true\ntoken_file = "token"\n`,
  )
  .join('');

const GRANTS = `[[person]]
id = "p-17"
name = "Ada"
mail = "ada@example.org"

[[account]]
name = "university"
contacts = ["p-17"]

[[grant]]
name = "climate"
title = "Climate models"
account = "university"
from = 2026-01-01
projects = [
  { site = "site-a", id = "p1" },
  { site = "site-b", id = "p2", cloud = "west", to = "2026-07-01T13:00Z" },
]
people = [
  { person = "p-17", role = "lead" },
]
labels = { field = "climate science" }
allowances = [
  { resource = "vcpu", amount = "1000", kind = "initial", at = 2026-01-01, reason = "call 7" },
]
`;

/** A folder with a portal.toml and a file of grants. */
function folderOf(more = ''): string {
  const folder = temporaryFolder();
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'token'), 'a-token\n');
  writeFileSync(join(folder, 'portal.toml'), SITES + more);
  writeFileSync(join(folder, 'grants.toml'), GRANTS);
  return folder;
}

/** Runs `stackmeter portal grants` to its end; returns its exit code and output. */
async function grants(folder: string, ...args: string[]): Promise<[code: number | null, output: string]> {
  const running = stackmeter(['portal', 'grants', ...args, '--data', join(folder, 'data')]);
  const code = await running.exited;
  return [code, running.output().replaceAll(`${folder}/`, '')];
}

const DIFFERENCE = [
  'person p-17: new',
  'person p-17: name none → "Ada"',
  'person p-17: mail none → "ada@example.org"',
  'account university: new',
  'account university: contacts none → "p-17"',
  'grant climate: new',
  'grant climate: title none → "Climate models"',
  'grant climate: account none → "university"',
  'grant climate: from open → 2026-01-01',
  'grant climate: project p1 at site-a: added',
  'grant climate: project p2 at site-b (cloud west): added until 2026-07-01T13:00Z',
  'grant climate: person p-17: none → lead',
  'grant climate: label field: none → "climate science"',
  'grant climate: initial of 1,000 vCPU-hours from 2026-01-01 ("call 7")',
];

describe('stackmeter portal grants', () => {
  it(
    'changes grants of a running portal, and of its database when no portal runs',
    { timeout: 600_000 },
    async () => {
      const folder = folderOf();
      const file = join(folder, 'grants.toml');
      const portal = await startPortalIn(folder);
      expect(statSync(join(folder, 'data', 'portal.sock')).mode & 0o777).toBe(0o600);

      expect(await grants(folder, 'apply', file, '--dry-run')).toEqual([
        0,
        `${DIFFERENCE.join('\n')}\ndry run: 14 changes, nothing was written\n`,
      ]);
      expect(await grants(folder, 'apply', file)).toEqual([
        0,
        `${DIFFERENCE.join('\n')}\n14 changes written\n`,
      ]);
      expect(await grants(folder, 'apply', file)).toEqual([0, 'nothing to change\n']);
      expect(await grants(folder, 'export')).toEqual([
        0,
        GRANTS.replace('contacts', 'time_zone = "UTC"\ncontacts'),
      ]);

      const history = async () =>
        (await (await fetch(`${portal.url}/api/v1/grants/climate/history`)).json()) as { data: object[] };
      expect((await history()).data).toMatchObject([
        { version: 1, origin: 'command', changes: DIFFERENCE.slice(5) },
      ]);

      const put = async (name: string, headers: Record<string, string>, more: object = {}) => {
        const answer = await fetch(`${portal.url}/api/v1/grants/${name}`, {
          method: 'PUT',
          headers: { 'content-type': 'application/json', ...headers },
          body: JSON.stringify({ name, ...more }),
        });
        const { detail } = (await answer.json()) as { detail?: string };
        return [answer.status, answer.headers.get('etag') ?? detail];
      };
      expect(await put('new', { 'if-none-match': '*' })).toEqual([201, '"1"']);
      expect(await put('new', { 'if-match': '"1"' }, { title: 'T' })).toEqual([200, '"2"']);
      expect(await put('new', { 'if-match': '"2"' }, { title: 'T' })).toEqual([200, '"2"']);
      expect(await put('new', { 'if-match': '"1"' })).toEqual([
        412,
        expect.stringMatching(
          /^grant 'new' has changed: version 2 was written by operator at \S+; read it again/,
        ),
      ]);
      expect((await put('new', {}))[0]).toBe(428);
      expect(await put('new', { 'if-match': '*' }, { projects: [{ site: 'site-a', id: 'p1' }] })).toEqual([
        422,
        expect.stringMatching(
          /^project 'p1' at 'site-a': grants 'climate' and 'new' both have it from 2026-01-01;/,
        ),
      ]);
      expect((await put('new', { 'if-match': '*', 'x-forwarded-for': '192.0.2.1' }))[0]).toBe(403);
      expect((await put('new', { 'if-match': '*', origin: 'http://evil.example' }))[0]).toBe(403);
      const gone = await fetch(`${portal.url}/api/v1/grants/new`, {
        method: 'DELETE',
        headers: { 'if-match': '"2"' },
      });
      expect(gone.status).toBe(204);

      writeFileSync(join(folder, 'wrong.toml'), GRANTS.replace('site-b', 'site-c'));
      expect(await grants(folder, 'apply', join(folder, 'wrong.toml'))).toEqual([
        1,
        "stackmeter: wrong.toml: grant 'climate': projects[2].site: the portal knows no site 'site-c'; did you mean 'site-a'?\n",
      ]);

      expect(await grants(folder, 'erase', 'p-17')).toEqual([0, 'person p-17: name and mail erased\n']);
      expect(await grants(folder, 'erase', 'p-17')).toEqual([0, 'person p-17 was erased before\n']);
      const [code, refusal] = await grants(folder, 'apply', file);
      expect([code, refusal]).toEqual([1, expect.stringContaining("person 'p-17' was erased on ")]);
      expect((await history()).data).toHaveLength(1);

      // A portal that is killed leaves its socket behind. The command then uses the database, and the next portal the path.
      portal.process.send('SIGKILL');
      await portal.process.exited;
      const csv = join(folder, 'more.csv');
      writeFileSync(csv, 'grant,resource,amount,kind,reason\nclimate,vcpu,1000,top-up,call 8\n');
      const [applied, words] = await grants(folder, 'apply', csv);
      expect([applied, words]).toEqual([
        0,
        expect.stringMatching(
          /^grant climate: top-up of 1,000 vCPU-hours from \S+ \("call 8"\)\n1 change written\n$/,
        ),
      ]);
      expect(await grants(folder, 'apply', csv)).toEqual([0, 'nothing to change\n']);
      const again = await startPortalIn(folder);
      const [, exported] = await grants(folder, 'export');
      expect(exported).toContain('reason = "call 8"');
      expect(exported).not.toContain('Ada');
      await again.process.stop();
    },
  );

  it(
    'imports the [[grant]] tables of portal.toml, which are an error from then on',
    { timeout: 600_000 },
    async () => {
      const folder = folderOf('[[grant]]\nname = "old"\nprojects = [{ site = "site-a", id = "p" }]\n');
      const config = join(folder, 'portal.toml');
      const portal = await startPortalIn(folder);
      const names = async () =>
        (
          (await (await fetch(`${portal.url}/api/v1/grants`)).json()) as { data: { name: string }[] }
        ).data.map(({ name }) => name);
      expect(await names()).toEqual(['old']);
      expect(await grants(folder, 'apply', config)).toEqual([
        0,
        'grant old: new\ngrant old: project p at site-a: added\n2 changes written\n',
      ]);
      portal.process.send('SIGHUP');
      await portal.process.waitFor(/reload failed/);
      const reason = '[[grant]] in portal.toml: the database has the grants';
      expect(portal.process.output()).toContain(reason);
      await portal.process.stop();

      const refused = stackmeter([
        'portal',
        '--listen',
        '127.0.0.1:0',
        '--data',
        join(folder, 'data'),
        '--config',
        config,
      ]);
      expect(await refused.exited).toBe(1);
      expect(refused.output()).toContain(reason);
      writeFileSync(config, readFileSync(config, 'utf8').replace(/\[\[grant[^]*/, ''));
      const without = await startPortalIn(folder);
      expect(
        ((await (await fetch(`${without.url}/api/v1/grants`)).json()) as { data: object[] }).data,
      ).toHaveLength(1);
    },
  );
});
