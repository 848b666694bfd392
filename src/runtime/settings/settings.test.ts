import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readSettings, setting, type SettingsSources } from './settings.ts';
import { strictTable } from './strict-table.ts';

const table = {
  listen: setting({ type: 'text', schema: z.string().default(':8080'), help: 'where to listen' }),
  interval: setting({
    type: 'number',
    schema: z.number().positive('must be above 0').default(300),
    help: 'seconds',
    earlierNames: ['OLD_INTERVAL'],
  }),
  domain: setting({ type: 'list', schema: z.array(z.string()).default([]), help: 'domains' }),
  unsafePlainHttp: setting({ type: 'switch', schema: z.boolean().default(false), help: 'danger' }),
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stackmeter-settings-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function read(sources: Partial<SettingsSources>, toml?: string) {
  const configFile = toml === undefined ? undefined : join(folder, 'config.toml');
  if (configFile !== undefined) writeFileSync(configFile, toml ?? '');
  return readSettings(table, { flags: {}, env: {}, configFile, ...sources }).settings;
}

describe('settings', () => {
  it('prefer a flag to the environment, the environment to the file, the file to the default', () => {
    const toml = 'listen = "file:1"\ninterval = 1\ndomain = ["file"]';
    const env = { STACKMETER_LISTEN: 'env:1', STACKMETER_INTERVAL: '2' };
    expect(read({ flags: { listen: 'flag:1' }, env }, toml)).toEqual({
      listen: 'flag:1',
      interval: 2,
      domain: ['file'],
      unsafePlainHttp: false,
    });
  });

  it('read the names of the earlier system if the new name is not set', () => {
    expect(read({ env: { OLD_INTERVAL: '5' } }).interval).toBe(5);
    expect(read({ env: { OLD_INTERVAL: '5', STACKMETER_INTERVAL: '6' } }).interval).toBe(6);
  });

  it('split a list in the environment at its commas', () => {
    expect(read({ env: { STACKMETER_DOMAIN: 'a, b,,c' } }).domain).toEqual(['a', 'b', 'c']);
  });

  it('suggest the nearest known key for an unknown one, and name its file', () => {
    expect(() => read({}, 'intervall = 3')).toThrow(
      `${join(folder, 'config.toml')}: unknown key 'intervall'; did you mean 'interval'?`,
    );
  });

  it('name the flag or variable of a wrong value', () => {
    expect(() => read({ env: { STACKMETER_INTERVAL: '-1' } })).toThrow(
      'STACKMETER_INTERVAL: must be above 0',
    );
    expect(() => read({ flags: { interval: '0' } })).toThrow('--interval: must be above 0');
    expect(() => read({ env: { STACKMETER_UNSAFE_PLAIN_HTTP: 'maybe' } })).toThrow(
      "STACKMETER_UNSAFE_PLAIN_HTTP: 'maybe' is neither true nor false",
    );
  });

  it('name line and column of an error in TOML', () => {
    expect(() => read({}, 'listen = "a"\ninterval = = 3')).toThrow(/config\.toml:2:1[0-9]: /);
  });

  it('name the file that cannot be read', () => {
    const configFile = join(folder, 'absent.toml');
    expect(() => read({ configFile })).toThrow(`cannot read ${configFile}: ENOENT`);
  });

  it('name the table of a section that has a wrong key', () => {
    const sections = { site: z.array(strictTable({ name: z.string(), url: z.string() })).default([]) };
    const configFile = join(folder, 'portal.toml');
    writeFileSync(configFile, '[[site]]\nname = "a"\nurl = "b"\n[[site]]\nname = "a"\nurl = "c"\nnam = 3');
    expect(() => readSettings(table, { flags: {}, env: {}, configFile }, sections)).toThrow(
      `${configFile}: site[2]: unknown key 'nam'; did you mean 'name'?`,
    );
  });
});
