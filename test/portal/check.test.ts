import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { freePort, runStackmeter, temporaryFolder } from '../support/processes.ts';
import { startFakeGate, TEXT_FORMAT } from './fake-gate.ts';

const TOKEN = 'swordfish-swordfish-swordfish-swordfish-swo';

/** The exit code and the output of `portal --check` with these sites. */
async function check(sites: Record<string, string>, env: Record<string, string> = {}) {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'token'), TOKEN);
  const tables = Object.entries(sites).map(
    ([name, url]) => `[[site]]\nname = "${name}"\nurl = "${url}"\ntoken_file = "token"\n`,
  );
  writeFileSync(join(folder, 'portal.toml'), `listen = "127.0.0.1:0"\n${tables.join('')}`);
  const args = ['portal', '--check', '--config', 'portal.toml', '--data', 'portal'];
  const { code, output } = await runStackmeter(args, { cwd: folder, env });
  return { code, lines: output.trimEnd().split('\n') };
}

it('says what each gate shows, and ends with ready', async () => {
  const url = await startFakeGate((_, response) =>
    response.writeHead(200, TEXT_FORMAT).end('project_vcpu_usage{project_id="p"} 7\n'),
  );
  expect(await check({ east: url })).toEqual({
    code: 0,
    lines: [
      "database  the portal's own, in portal",
      'east      1 series of 1 project, by an exporter that does not state its version',
      'ready     start the portal without --check',
    ],
  });
});

it('names the first fault as the next step, and exits 1', async () => {
  const refusing = await startFakeGate((_, response) => response.writeHead(401).end());
  const gone = `http://127.0.0.1:${await freePort()}`;
  const { code, lines } = await check({ east: refusing, west: gone });
  expect([code, lines.length]).toEqual([1, 4]);
  expect(lines[1]).toMatch(/^east {6}cannot be read at http:\S+: .*401/);
  expect(lines[2]).toMatch(/^west {6}cannot be read at http:\S+: /);
  expect(lines[3]).toMatch(/^next {6}mend this: east: cannot be read/);

  const database = await check({}, { DATABASE_URL: `postgres://a:secret@127.0.0.1:1/ledger` });
  expect(database.lines[0]).toMatch(/^database {2}cannot use the database "ledger" at 127\.0\.0\.1:1/);
  expect(database.lines.join('\n')).not.toContain('secret');
  expect((await check({})).lines.at(-1)).toBe(
    'next      invite a site: stackmeter portal invite SITE --config portal.toml',
  );
});
