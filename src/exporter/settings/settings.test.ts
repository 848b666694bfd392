import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readExporterConfig, readExporterConfigs } from './config.ts';

const credentials = {
  OS_AUTH_URL: 'http://keystone:5000',
  OS_USERNAME: 'admin',
  OS_PASSWORD: 'secret',
  OS_PROJECT_NAME: 'admin',
};

function file(content: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'stackmeter-settings-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'file'), content);
  return join(folder, 'file');
}

describe('the settings of the exporter', () => {
  it('have defaults', () => {
    const config = readExporterConfig({ flags: {}, env: credentials });
    expect({ ...config, credentials: undefined }).toEqual({
      cloud: undefined,
      proxies: { http: undefined, https: undefined, none: [] },
      listen: { host: '127.0.0.1', port: 8080 },
      publicHost: undefined,
      credentials: undefined,
      stateFile: './stackmeter-exporter.json',
      startMs: undefined,
      intervalMs: 300_000,
      settlingDelayMs: 60_000,
      keepDeletedMs: 604_800_000,
      longestWindowMs: 604_800_000,
      pageSize: undefined,
      requestTimeoutMs: 120_000,
      firstRetryDelayMs: 500,
      domains: { names: [], ids: [] },
      resources: ['vcpu', 'mb', 'disk_gb', 'instance'],
      gpuAliases: new Map(),
      split: undefined,
      serverHours: false,
    });
  });

  it('are read by their earlier names', () => {
    const env = {
      ...credentials,
      USAGE_EXPORTER_START_DATE: '2026-01-31',
      USAGE_EXPORTER_UPDATE_INTERVAL: '30',
      USAGE_EXPORTER_PROJECT_DOMAINS: 'elixir,default',
      USAGE_EXPORTER_PROJECT_DOMAIN_ID: 'd1',
      USAGE_EXPORTER_SIMPLE_VM_PROJECT_ID: 'pool',
      USAGE_EXPORTER_SIMPLE_VM_PROJECT_TAG: 'project_name',
    };
    expect(readExporterConfig({ flags: {}, env })).toMatchObject({
      startMs: Date.UTC(2026, 0, 31),
      intervalMs: 30_000,
      domains: { names: ['elixir', 'default'], ids: ['d1'] },
      split: { projectId: 'pool', metadataKey: 'project_name' },
    });
  });

  it('are read from a file, with the credentials from an openrc', () => {
    const openrc = file('OS_AUTH_URL=http://other:5000\nOS_USER_ID=u\nOS_PROJECT_ID=p\n');
    const configFile = file(`openrc = "${openrc}"\nresources = ["mb"]\nsettling_delay = 5\n`);
    const config = readExporterConfig({ flags: {}, env: credentials, configFile });
    expect(config).toMatchObject({ resources: ['mb'], settlingDelayMs: 5000 });
    expect(config.credentials).toMatchObject({
      authUrl: new URL('http://other:5000/v3'),
      identity: { method: 'password', user: { id: 'u' }, password: 'secret', project: { id: 'p' } },
    });
  });

  it('give the number of GPUs of a name in any case', () => {
    const configFile = file('resources = ["gpu"]\n[gpu_aliases]\nA100 = 1\nvgpu = 0.25\n');
    const { gpuAliases } = readExporterConfig({ flags: {}, env: credentials, configFile });
    expect([...gpuAliases]).toEqual([
      ['a100', 1],
      ['vgpu', 0.25],
    ]);
    const wrong = file('[gpu_aliases]\na100 = "one"\n');
    expect(() => readExporterConfig({ flags: {}, env: credentials, configFile: wrong })).toThrow(
      'gpu_aliases.a100: how many GPUs it counts as, such as 1 or 0.25',
    );
  });

  it('may be for several clouds, each with its own credentials and state', () => {
    const openrc = file('OS_AUTH_URL=http://other:5000\nOS_USER_ID=u\nOS_PROJECT_ID=p\n');
    const clouds = (...tables: string[]) =>
      file(`interval = 60\n${tables.map((table) => `[[cloud]]\n${table}\n`).join('')}`);
    const read = (configFile: string) => readExporterConfigs({ flags: {}, env: credentials, configFile });
    const found = read(
      clouds(
        'name = "a"\nstate = "a.json"\nregion = "R1"',
        `name = "b"\nstate = "b.json"\nopenrc = "${openrc}"\ndomain = ["d"]`,
      ),
    );
    expect(found).toMatchObject([
      { cloud: 'a', stateFile: 'a.json', intervalMs: 60_000, credentials: { region: 'R1' } },
      { cloud: 'b', stateFile: 'b.json', domains: { names: ['d'] }, credentials: { region: undefined } },
    ]);
    expect(read(file('interval = 60\n'))).toMatchObject([{ cloud: undefined, intervalMs: 60_000 }]);
    const a = 'name = "a"\nstate = "a.json"';
    expect(() => read(clouds(a, 'name = "a"\nstate = "b.json"'))).toThrow("there is another cloud 'a'");
    expect(() => read(clouds(a, 'name = "b"\nstate = "./a.json"'))).toThrow('the state of another cloud');
    expect(() => read(clouds('name = "a"\nstat = "a"'))).toThrow("unknown key 'stat'; did you mean 'state'?");
  });

  it('have one number for each GPU alias, without regard to case', () => {
    const path = file('[gpu_aliases]\na100 = 1\nA100 = 2\n');
    expect(() => readExporterConfig({ flags: {}, env: credentials, configFile: path })).toThrow(
      "gpu_aliases: 'a100' and 'A100' are the same name: leave out one of them",
    );
  });

  it.each([
    [{ splitMetadata: 'key' }, '--split-project ID is missing'],
    [{ interval: '0' }, '--interval: the interval is at least 1 second'],
    [{ interval: 'often' }, '--interval: the interval is a number of seconds'],
    [{ resources: ['cpu'] }, '--resources: resources are vcpu, mb, disk_gb, instance'],
    [{ listen: '8080' }, "'8080' is not an address to listen on"],
    [{ start: 'now' }, "--start: 'now' is not a date"],
  ])('with a wrong value are refused in one line: %j', (flags, message) => {
    expect(() => readExporterConfig({ flags, env: credentials })).toThrow(message);
  });
});
