import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { invite } from './invite.ts';
import { refuseUnknown, removeSite } from './remove-site.ts';

const OTHER = '[[site]]\nname = "b"\nurl = "https://b.example"\ntoken_file = "b.token"\n';

/** The files that are left after site a is removed. */
async function leftOf(keys: string): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'stackmeter-remove-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const configFile = join(folder, 'portal.toml');
  writeFileSync(configFile, `${OTHER}\n[[site]]\nname = "a"\nurl = "https://a.example"\n${keys}\n`);
  for (const file of ['a.token', 'a.pem', 'b.token']) writeFileSync(join(folder, file), 'x');
  await removeSite('a', { flags: {}, env: {}, configFile }, async () => undefined);
  return readdirSync(folder).filter((file) => file !== 'portal.toml');
}

it('removes the files of the site, and none that has only such a name', async () => {
  expect(await leftOf('token_file = "a.token"\nca_file = "a.pem"')).toEqual(['b.token']);
  expect(await leftOf('token_file = "a.token"')).toEqual(['a.pem', 'b.token']);
  expect(await leftOf('token_file = "b.token"')).toEqual(['a.pem', 'a.token', 'b.token']);
});

it('takes no path to the invitation of another portal for a site', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'stackmeter-remove-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const sourcesIn = (name: string) => ({ flags: {}, env: {}, configFile: join(folder, name, 'portal.toml') });
  for (const name of ['one', 'other']) {
    mkdirSync(join(folder, name));
    writeFileSync(sourcesIn(name).configFile, OTHER);
  }
  await invite({ site: 'a', portal: 'p', days: 1 }, sourcesIn('other'), Date.now());
  refuseUnknown('a', sourcesIn('other'));
  expect(() => refuseUnknown('../other/a', sourcesIn('one'))).toThrow(
    'has no site ../other/a; it has only: b',
  );
  writeFileSync(sourcesIn('one').configFile, '');
  expect(() => refuseUnknown('a', sourcesIn('one'))).toThrow('has no site a; it has none');
});
