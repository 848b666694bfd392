import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { readExporterConfig } from '../exporter/settings/config.ts';
import { readGateConfig } from '../gate/settings/settings.ts';
import { readPortalConfig } from '../portal/settings/settings.ts';
import type { SettingsSources } from '../runtime/settings/settings.ts';
import { UserError } from '../runtime/user-error.ts';

function withFile(text: string): SettingsSources {
  const folder = mkdtempSync(join(tmpdir(), 'addresses-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'a.token'), 'a-token-of-some-length\n');
  writeFileSync(join(folder, 'file.toml'), text);
  return { flags: {}, env: {}, configFile: join(folder, 'file.toml') };
}

const OPENSTACK = { OS_AUTH_URL: 'https://k', OS_USER_ID: 'u', OS_PASSWORD: 'p', OS_PROJECT_ID: 'q' };
const exporter = (more: Record<string, string>) =>
  readExporterConfig({ flags: {}, env: { ...OPENSTACK, ...more } });
const gate = (flags: Record<string, string>) =>
  readGateConfig({ flags: { ...flags, tokenFile: '/x' }, env: {} });
const site = (url: string) => `[[site]]\nname = "a"\ntoken_file = "a.token"\nurl = "${url}"\n`;

/** Reads a wrong address, for each setting that has one. */
const SETTINGS: Record<string, (address: string) => unknown> = {
  OS_AUTH_URL: (OS_AUTH_URL) => exporter({ OS_AUTH_URL }),
  'an endpoint override': (address) => exporter({ OS_COMPUTE_ENDPOINT_OVERRIDE: address }),
  HTTPS_PROXY: (HTTPS_PROXY) => exporter({ HTTPS_PROXY }),
  '--prometheus': (prometheus) => gate({ prometheus }),
  '--exporter': (address) => gate({ exporter: address }),
  'a site': (url) => readPortalConfig(withFile(site(url))),
  DATABASE_URL: (DATABASE_URL) => readPortalConfig({ flags: {}, env: { DATABASE_URL } }),
  DATABASE_READ_URL: (DATABASE_READ_URL) =>
    readPortalConfig({ flags: {}, env: { DATABASE_URL: 'postgres://host/x', DATABASE_READ_URL } }),
  ledger_url: (url) =>
    readPortalConfig(withFile(`[portal_prometheus]\nsender = "a"\nledger_url = "${url}"\n`)),
};

it.each(Object.entries(SETTINGS))(
  'an error about %s does not show the password of a wrong address',
  (_, read) => {
    for (const address of ['ftp://me:hidden@host/x', 'http://me:hidden@host:port']) {
      expect(() => read(address)).toThrow(UserError);
      expect(() => read(address)).not.toThrow('hidden');
    }
  },
);
