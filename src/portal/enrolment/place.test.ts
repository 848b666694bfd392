import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { placeOf } from './place.ts';

it('is refused while a variable would keep the old token in use', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stackmeter-place-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const configFile = join(folder, 'portal.toml');
  writeFileSync(configFile, '[[site]]\nname = "a"\nurl = "https://a.example"\ntoken_file = "a.token"\n');
  const invitation = { portal: 'p', site: 'a', hash: '', ends: '', serverHours: false };
  const wish = { reply: { invitation: '', site: 'a', url: 'https://a.example' }, invitation, token: 'new' };
  const placeWith = (env: Record<string, string>) => placeOf(wish, { flags: {}, env, configFile });
  expect(placeWith({}).table.name).toBe('a');
  expect(() => placeWith({ STACKMETER_SITE_A_TOKEN: 'old' })).toThrow(
    'STACKMETER_SITE_A_TOKEN wins over the token file of a: unset it, for the portal too',
  );
});
