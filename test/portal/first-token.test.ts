import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startPortalIn, stackmeter } from '../support/portal-under-test.ts';
import { temporaryFolder } from '../support/processes.ts';

it('a portal off loopback needs [access], and its first start makes a token of an operator', async () => {
  const folder = temporaryFolder();
  mkdirSync(folder, { recursive: true });
  const [config, data] = [join(folder, 'portal.toml'), join(folder, 'data')];
  writeFileSync(config, '');
  const open = stackmeter(['portal', '--listen', '0.0.0.0:0', '--config', config, '--data', data]);
  expect([await open.exited, open.output()]).toEqual([
    1,
    expect.stringContaining('0.0.0.0:0 would show all usage to anyone who reaches it: add [access]'),
  ]);

  writeFileSync(config, 'public_url = "http://127.0.0.1:8000"\n[access]\n');
  const first = await startPortalIn(folder, '0.0.0.0:0');
  const file = join(data, 'operator.token');
  const token = readFileSync(file, 'utf8').trim();
  expect([token, statSync(file).mode & 0o777]).toEqual([expect.stringMatching(/^smt_[\w-]{43}$/), 0o600]);
  expect(first.process.output()).toContain(file);
  const statusWith = async (url: string, headers: Record<string, string>) =>
    (await fetch(`${url.replace('0.0.0.0', '127.0.0.1')}/api/v1/audit`, { headers })).status;
  const headers = { authorization: `Bearer ${token}` };
  expect([await statusWith(first.url, {}), await statusWith(first.url, headers)]).toEqual([401, 200]);
  expect(first.process.output()).not.toContain(token);
  await first.process.stop();

  const { url } = await startPortalIn(folder, '0.0.0.0:0');
  expect(readFileSync(file, 'utf8').trim()).toBe(token);
  expect(await statusWith(url, headers)).toBe(200);
});
