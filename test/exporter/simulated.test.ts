import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { checkExporter } from '../../src/exporter/cloud/check.ts';
import { exporterConfig } from '../../src/exporter/settings/config.ts';
import { createExporter, type Exporter } from '../../src/exporter/exporter.ts';
import { readCredentials } from '../../src/exporter/openstack/credentials/credentials.ts';
import { readExporterSettings } from '../../src/exporter/settings/settings.ts';
import { parseState, type ExporterState } from '../../src/exporter/state/state-format.ts';
import { parseExposition } from '../../src/prometheus/text-format/text-format-parser.ts';
import { formatAddress } from '../../src/runtime/http/listen.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import type { Fault } from '../../src/simulation/faults.ts';
import { staticCloud, type StaticCloud } from '../../src/simulation/model/static-cloud.ts';
import { usageTruth } from '../../src/simulation/model/truth.ts';
import { temporaryFolder } from '../support/processes.ts';
import { domains, projects, servers, settableClock, START_MS, startCloud } from './small-cloud.ts';

const USAGE = '/os-simple-tenant-usage';
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

async function site(
  flags: Record<string, unknown> = {},
  model: Partial<StaticCloud> = {},
  env: Record<string, string> = {},
) {
  const clock = settableClock();
  const cloud = await startCloud(clock, model);
  const stateFile = join(temporaryFolder(), 'state.json');
  const defaults = { listen: '127.0.0.1:0', start: '2026-01-01', pageSize: 7, state: stateFile };
  const settings = readExporterSettings({ flags: { ...defaults, ...flags }, env: {} });
  const config = exporterConfig(settings, readCredentials({ ...cloud.environment(), ...env }), START_MS);
  /** An exporter whose own loop does not run: the test calls each refresh. */
  const open = (): Exporter => {
    const exporter = createExporter(config, { clock, logger: silentLogger() });
    onTestFinished(async () => await exporter.close());
    return exporter;
  };
  const state = (): ExporterState => parseState(readFileSync(stateFile, 'utf8'));
  return { clock, cloud, config, open, state, stateFile };
}

/** The exposition as `metric project → value`, or the status of another answer. */
async function scrape(exporter: Exporter): Promise<Map<string, number> | number> {
  const response = await fetch(`http://${formatAddress(exporter.address)}/metrics`);
  if (!response.ok) return response.status;
  const samples = parseExposition(await response.text());
  return new Map(
    samples.map(({ name, labels, value }) => [`${name} ${labels['project_id'] ?? ''}`.trim(), value]),
  );
}

/** The usage series and the folded-until instant. */
function totalsOf(values: Map<string, number> | number): Map<string, number> {
  if (typeof values === 'number') throw new Error(`the exporter answers ${values}`);
  return new Map([...values].filter(([name]) => /^project_|folded_until/.test(name)));
}

function fail(): never {
  throw new Error('there is no such server');
}

describe('an exporter beside a simulated cloud', () => {
  it('shows exactly what the servers used, refresh after refresh and after a restart', async () => {
    const { clock, cloud, open, state } = await site();
    const first = open();
    for (let hours = 0; hours < 30; hours++) {
      clock.passTime(HOUR_MS);
      await first.refresh();
      const { meter } = state();
      expect(meter.untilMs).toBe(clock.nowMs() - 60_000);
      expect(meter.totals).toEqual(usageTruth(cloud.model(), START_MS, meter.untilMs));
    }
    const { epoch } = state().meter;
    await first.close();

    clock.passTime(3 * HOUR_MS);
    const second = open();
    await second.refresh();
    expect(state().meter.epoch).toBe(epoch);
    expect(state().meter.totals).toEqual(usageTruth(cloud.model(), START_MS, clock.nowMs() - 60_000));
  });

  it('keeps its epoch if it ends before it has counted anything', async () => {
    const { clock, open, state } = await site({ start: undefined });
    const epochs: string[] = [];
    for (let starts = 0; starts < 3; starts++) {
      const exporter = open();
      await exporter.start();
      await exporter.refresh();
      const response = await fetch(`http://${formatAddress(exporter.address)}/metrics`);
      const series = parseExposition(await response.text());
      epochs.push(series.find(({ name }) => name.endsWith('_epoch_info'))?.labels['epoch'] ?? '');
      await exporter.close();
      clock.passTime(20_000);
    }
    expect(new Set(epochs)).toEqual(new Set([state().meter.epoch]));
  });

  it('exports the totals in hours, with a series for every project', async () => {
    const { clock, cloud, open } = await site();
    const exporter = open();
    await exporter.start();
    clock.passTime(HOUR_MS);
    await exporter.refresh();
    const values = await scrape(exporter);
    const truth = usageTruth(cloud.model(), START_MS, clock.nowMs() - 60_000);
    for (const { id } of projects) {
      const expected = Number(truth.get(id)?.mb ?? 0n) / HOUR_MS;
      expect((values as Map<string, number>).get(`project_mb_usage ${id}`)).toBe(expected);
    }
  });

  it('catches up from an old start date in windows of bounded length', async () => {
    const { clock, cloud, open, state } = await site({ longestWindow: 6 * 3600 });
    const starts: string[] = [];
    cloud.setFaults(({ query }) => {
      const start = new URLSearchParams(query).get('start');
      if (start !== null && !starts.includes(start)) starts.push(start);
      return undefined;
    });
    clock.passTime(DAY_MS);
    await open().refresh();
    expect(starts).toEqual([
      '2026-01-01T00:00:00',
      '2026-01-01T06:00:00',
      '2026-01-01T12:00:00',
      '2026-01-01T18:00:00',
    ]);
    expect(state().meter.untilMs).toBe(clock.nowMs() - 60_000);
  });

  const failures: [string, string, Fault, RegExp][] = [
    ['a 5xx', USAGE, { status: 503 }, /^Nova answers 503/],
    ['an answer that breaks off', USAGE, { truncateBytes: 100 }, /^Nova .* does not answer/],
    ['a body that is not JSON', USAGE, { body: '<html>' }, /not complete JSON/],
    [
      'a marker that is gone',
      'marker=',
      { status: 400, body: '{"badRequest": {"message": "Marker not found"}}' },
      /^Nova answers 400 .*: Marker not found$/,
    ],
    [
      'no right to read projects',
      '/v3/projects',
      { status: 403, body: '{"error": {"message": "no"}}' },
      /^Keystone answers 403 .*: no; give the user/,
    ],
  ];

  it.each(failures)(
    'folds nothing after %s, and counts the usage later',
    async (_, where, fault, message) => {
      const { clock, cloud, open, state, stateFile } = await site();
      const exporter = open();
      clock.passTime(HOUR_MS);
      await exporter.refresh();
      const before = readFileSync(stateFile, 'utf8');

      clock.passTime(HOUR_MS);
      cloud.setFaults(({ path, query }) => (`${path}?${query}`.includes(where) ? fault : undefined));
      await expect(exporter.refresh()).rejects.toThrow(message);
      expect(readFileSync(stateFile, 'utf8')).toBe(before);

      cloud.setFaults(undefined);
      clock.passTime(HOUR_MS);
      await exporter.refresh();
      expect(state().meter.totals).toEqual(usageTruth(cloud.model(), START_MS, clock.nowMs() - 60_000));
    },
  );

  it('answers 503 before the first complete refresh, and shows the last totals while OpenStack is down', async () => {
    const { clock, cloud, open } = await site();
    const novaIsDown = ({ path }: { path: string }) => (path.endsWith(USAGE) ? { status: 404 } : undefined);
    cloud.setFaults(novaIsDown);
    clock.passTime(HOUR_MS);
    const exporter = open();
    await exporter.start();
    await expect(exporter.refresh()).rejects.toThrow('Nova answers 404');
    expect(await scrape(exporter)).toBe(503);

    cloud.setFaults(undefined);
    await exporter.refresh();
    const complete = totalsOf(await scrape(exporter));
    clock.passTime(HOUR_MS);
    cloud.setFaults(novaIsDown);
    await expect(exporter.refresh()).rejects.toThrow('Nova answers 404');
    expect(totalsOf(await scrape(exporter))).toEqual(complete);
    expect(complete.get('stackmeter_exporter_folded_until_timestamp_seconds')).toBe(
      (START_MS + HOUR_MS - 60_000) / 1000,
    );
  });

  it('counts projects and servers in --check, in the singular or plural', async () => {
    const lines = async (count: number) => {
      const [some, running] = [projects.slice(0, count), servers(12).slice(10)];
      const inThem = running.map((server, index) => ({ ...server, projectId: `p${index}` }));
      const model = { domains, projects: some, servers: inThem.slice(0, count) };
      const { clock, config } = await site({}, model);
      return (await checkExporter(config, { clock })).slice(1, 3);
    };
    expect(await lines(1)).toEqual([
      "          1 project in the domain 'Default'",
      'Nova      1 server of 1 project ran in the last hour',
    ]);
    expect(await lines(4)).toEqual([
      "          4 projects in the domains 'Default', 'elixir'",
      'Nova      2 servers of 2 projects ran in the last hour',
    ]);
  });

  it('does not start in a region without Nova', async () => {
    const { open } = await site({}, {}, { OS_REGION_NAME: 'Atlantis' });
    await expect(open().start()).rejects.toThrow(
      "Keystone's catalog has no public endpoint of the compute service in region 'Atlantis', only in RegionOne; see OS_REGION_NAME",
    );
  });

  it('shows only the configured domains, and still counts the usage of the others', async () => {
    const { clock, open, state } = await site({ domain: ['ELIXIR'] });
    const exporter = open();
    await exporter.start();
    clock.passTime(HOUR_MS);
    await exporter.refresh();
    const shown = [...((await scrape(exporter)) as Map<string, number>).keys()];
    expect(shown.filter((name) => name.startsWith('project_vcpu'))).toEqual([
      'project_vcpu_usage p2',
      'project_vcpu_usage p3',
    ]);
    expect([...state().meter.totals.keys()].sort()).toEqual(['p0', 'p1', 'p3']);
  });

  it('splits a pool project by metadata exactly, for servers that exist, are gone, or have no value', async () => {
    const courseOf = (index: number) => ['a', 'b/c', '', undefined][index % 4];
    const pooled = servers(60).map((server, index) => {
      const course = courseOf(index);
      return { ...server, metadata: course === undefined ? {} : { course } };
    });
    const split = { splitProject: 'p1', splitMetadata: 'course' };
    const { clock, open, state } = await site(split, { servers: pooled });
    const exporter = open();
    await exporter.start();
    for (let hours = 0; hours < 60; hours++) {
      clock.passTime(HOUR_MS);
      await exporter.refresh();
    }
    const apart = pooled.map((server, index) => {
      const course = server.projectId === 'p1' ? courseOf(index) : undefined;
      return course ? { ...server, projectId: `p1/${course}` } : server;
    });
    const { totals, untilMs } = state().meter;
    const truth = usageTruth(staticCloud({ domains, projects, servers: apart }), START_MS, untilMs);
    expect(totals).toEqual(truth);
    expect([...truth.keys()].sort()).toEqual(['p0', 'p1', 'p1/a', 'p1/b/c', 'p3']);
    const series = [...totalsOf(await scrape(exporter)).keys()].filter((key) =>
      key.startsWith('project_vcpu'),
    );
    expect(series).toEqual(
      ['p0', 'p1', 'p1/a', 'p1/b/c', 'p2', 'p3'].map((id) => `project_vcpu_usage ${id}`),
    );
  });

  it('treats a lost right as an error, even before anybody has used anything', async () => {
    const { clock, cloud, open, state } = await site({}, { servers: [] });
    const exporter = open();
    clock.passTime(HOUR_MS);
    await exporter.refresh();
    const before = state();
    cloud.setFaults(({ path }) => (path.startsWith('/v3/domains') ? { status: 403, body: '{}' } : undefined));
    clock.passTime(HOUR_MS);
    await expect(exporter.refresh()).rejects.toThrow(/^Keystone answers 403/);
    expect(state()).toEqual(before);
  });

  it('counts a new server of a pool for its part, even if the list of servers lacked it', async () => {
    const [first, ...rest] = servers(1)[0]?.launches ?? fail();
    const pooled = [0, 1].map((index) => ({
      ...(servers(2)[index] ?? fail()),
      projectId: 'p1',
      metadata: { course: `c${index}` },
      launches: [first, ...rest] as const,
      cell: `cell${index}`,
      deletedMs: undefined,
      archivedMs: undefined,
    }));
    const split = { splitProject: 'p1', splitMetadata: 'course' };
    const { clock, cloud, open, state } = await site(split, { servers: pooled });
    // A cell is down while servers are listed. Nova does not report that in a list with pages.
    cloud.setFaults(({ path }) => {
      cloud.setDownCells(path.endsWith('/servers/detail') ? ['cell1'] : []);
      return undefined;
    });
    clock.passTime(HOUR_MS);
    const exporter = open();
    await exporter.refresh();
    expect([...state().meter.totals.keys()].sort()).toEqual(['p1/c0', 'p1/c1']);
    const before = state();

    cloud.setModel(
      staticCloud({
        domains,
        projects,
        servers: [...pooled, { ...(pooled[1] ?? fail()), id: servers(9)[8]?.id ?? '' }],
      }),
    );
    cloud.setFaults(({ path }) => {
      cloud.setDownCells(/\/servers\//.test(path) ? ['cell1'] : []);
      return undefined;
    });
    clock.passTime(HOUR_MS);
    await expect(exporter.refresh()).rejects.toThrow('its cell is down');
    expect(state()).toEqual(before);
  });

  it('shows a renamed project as one series with the new name, in the same place', async () => {
    const { clock, cloud, open } = await site();
    const exporter = open();
    await exporter.start();
    const names = async () => {
      clock.passTime(HOUR_MS);
      await exporter.refresh();
      const response = await fetch(`http://${formatAddress(exporter.address)}/metrics`);
      const shown = parseExposition(await response.text()).filter(({ name }) => name === 'project_mb_usage');
      return shown.map(({ labels }) => [labels['project_id'], labels['project_name']]);
    };
    const before = await names();
    const renamed = projects.map((project) =>
      project.id === 'p1' ? { ...project, name: 'zz\n\0' } : project,
    );
    cloud.setModel(staticCloud({ domains, projects: renamed.toReversed(), servers: servers(60) }));
    // The exporter replaces control characters.
    expect(await names()).toEqual(before.map(([id, name]) => [id, id === 'p1' ? 'zz \ufffd' : name]));
  });

  it('shows in an outage how old its totals are, and how often refreshes failed', async () => {
    const { clock, cloud, open } = await site();
    const exporter = open();
    await exporter.start();
    clock.passTime(HOUR_MS);
    await exporter.refresh();
    const age = async () => {
      const values = (await scrape(exporter)) as Map<string, number>;
      const [success, folded] = ['last_refresh_success', 'folded_until'].map((fact) =>
        values.get(`stackmeter_exporter_${fact}_timestamp_seconds`),
      );
      return { success, folded };
    };
    const readAtS = clock.nowMs() / 1000;
    cloud.setFaults(() => ({ status: 404, body: '{}' }));
    clock.passTime(HOUR_MS);
    await expect(exporter.refresh()).rejects.toThrow('404');
    expect(await age()).toEqual({ success: readAtS, folded: readAtS - 60 });
    const response = await fetch(`http://${formatAddress(exporter.address)}/metrics`);
    const refreshes = parseExposition(await response.text()).filter(({ name }) =>
      /refreshes_total/.test(name),
    );
    const failed = refreshes.find(({ labels }) => labels['result'] === 'failure')?.value ?? 0;
    expect(failed).toBeGreaterThan(0);
  });

  it.each([
    ['vcpu'],
    ['mb'],
    ['disk_gb'],
    ['instance'],
    ['gpu'],
    ['volume_gb'],
    ['floating_ip'],
    ['object_gb'],
  ])('exports only %s if it is the only resource, and asks no other service', async (resource) => {
    const amounts = [{ atMs: START_MS, bytes: 1 }];
    const storedBytes = projects.map(({ id }) => ({ projectId: id, amounts }));
    const { clock, cloud, open } = await site(
      { resources: [resource] },
      { belongings: { volumes: [], floatingIps: [], storedBytes } },
    );
    const services = new Set<string>();
    cloud.setFaults(({ path }) => {
      services.add(/volume|network|object-store|flavors/.exec(path)?.[0] ?? 'others');
      return undefined;
    });
    const exporter = open();
    await exporter.start();
    clock.passTime(HOUR_MS);
    await exporter.refresh();
    const shown = [...((await scrape(exporter)) as Map<string, number>).keys()];
    const usage = shown.filter((name) => name.startsWith('project_')).map((name) => name.split(' ')[0]);
    expect(new Set(usage)).toEqual(new Set([`project_${resource}_usage`]));
    const service = {
      gpu: 'flavors',
      volume_gb: 'volume',
      floating_ip: 'network',
      object_gb: 'object-store',
    };
    const own = resource in service ? [service[resource as keyof typeof service]] : [];
    expect(services).toEqual(new Set(['others', ...own]));
  });

  it('shows the final total of a deleted project for a week, also after a restart', async () => {
    const { clock, cloud, open, state } = await site();
    const first = open();
    clock.passTime(HOUR_MS);
    await first.refresh();

    // Between two refreshes the servers of the project are deleted, and then the project itself.
    clock.passTime(HOUR_MS);
    const deletedMs = clock.nowMs() - 600_000;
    const ended = servers(60)
      .filter((server) => server.projectId !== 'p1' || server.launches[0].atMs < deletedMs)
      .map((server) =>
        server.projectId === 'p1' ? { ...server, deletedMs, archivedMs: undefined } : server,
      );
    const left = projects.filter(({ id }) => id !== 'p1');
    cloud.setModel(staticCloud({ domains, projects: left, servers: ended }));
    await first.refresh();
    await first.close();
    const second = open();
    await second.start();
    await second.refresh();

    const truth = usageTruth(cloud.model(), START_MS, clock.nowMs()).get('p1');
    const shown = async () => ((await scrape(second)) as Map<string, number>).get('project_vcpu_usage p1');
    expect(await shown()).toBe(Number(truth?.vcpu) / HOUR_MS);
    expect(state().meter.totals.get('p1')).toEqual(truth);
    expect(state().names.get('p1')).toMatchObject({ name: 'Größe', domainName: 'Default' });

    clock.passTime(7 * DAY_MS);
    await second.refresh();
    expect(await shown()).toBeUndefined();
    expect(state().meter.totals.get('p1')).toEqual(truth);
  });
});
