import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createExporter } from '../../src/exporter/exporter.ts';
import { readExporterConfig } from '../../src/exporter/settings/config.ts';
import { parseState } from '../../src/exporter/state/state-format.ts';
import { parseExposition } from '../../src/prometheus/text-format/text-format-parser.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { formatAddress } from '../../src/runtime/http/listen.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { UserError } from '../../src/runtime/user-error.ts';
import { describeWith } from '../support/describe-with.ts';
import { aSecondAfter } from './clock.ts';
import { signIn, type NovaUsage } from './nova.ts';
import { openstackEnvironment } from './environment.ts';
import { eventually, temporaryFolder } from '../support/processes.ts';

const START = '2026-01-01';
const SETTLING_MS = 2000;
/** For users with roles in many projects: they need a token for each, and Keystone is slow to check a password. */
const SLOW_MS = 240_000;
const RESOURCES = ['vcpu', 'mb', 'disk_gb', 'instance'] as const satisfies (keyof NovaUsage)[];

function exporter(flags: Record<string, unknown>, env: Record<string, string> = {}) {
  const state = join(temporaryFolder(), 'state.json');
  // One window up to now, because each window costs a request, and for some users a request for each project.
  const longestWindow = 366 * 86_400;
  const defaults = {
    listen: '127.0.0.1:0',
    state,
    start: START,
    settlingDelay: SETTLING_MS / 1000,
    longestWindow,
  };
  const config = readExporterConfig({ flags: { ...defaults, ...flags }, env });
  const created = createExporter(config, { clock: systemClock, logger: silentLogger() });
  onTestFinished(async () => await created.close());
  return { created, config, state: () => parseState(readFileSync(state, 'utf8')) };
}

/** The exporter's hours and names by `resource project`, and the instant up to which the hours count. */
async function scrape(url: string) {
  const response = await fetch(`${url}/metrics`);
  if (response.status === 503) return undefined;
  const samples = parseExposition(await response.text());
  const until = samples.find(({ name }) => name === 'stackmeter_exporter_folded_until_timestamp_seconds');
  const usage = samples.flatMap(({ name, labels, value }) => {
    const resource = /^project_(.*)_usage$/.exec(name)?.[1];
    return resource === undefined
      ? []
      : [[`${resource} ${labels['project_id']}`, { value, labels }] as const];
  });
  return { usage: new Map(usage), untilMs: (until?.value ?? 0) * 1000 };
}

describeWith(['openstack'], 'the exporter of a real OpenStack', ({ openstack }) => {
  const environment = openstackEnvironment(openstack);
  const beside = (name: string) => openstack.replace(/openrc$/, name);

  it.each([
    ['by password', openstack, {}],
    ['by application credential, on pages of three servers', beside('openrc-appcred'), { pageSize: 3 }],
    ['in windows of a week', openstack, { longestWindow: 7 * 86_400 }],
  ])('shows for every project the usage that Nova itself reports (%s)', async (_, openrc, flags) => {
    const { created } = exporter({ openrc, ...flags });
    await created.start();
    const url = `http://${formatAddress(created.address)}`;
    const shown = await eventually(async () => await scrape(url));

    const cloud = await signIn(environment);
    const names = await cloud.projectNames();
    const fromNova = await cloud.usage(Date.parse(START), shown.untilMs);
    expect(fromNova.size).toBeGreaterThan(10);
    for (const [id, name] of names) {
      for (const resource of RESOURCES) {
        const series = shown.usage.get(`${resource} ${id}`);
        expect(series?.labels['project_name']).toBe(name);
        expect(Math.abs((series?.value ?? Number.NaN) - (fromNova.get(id)?.[resource] ?? 0))).toBeLessThan(
          1e-6,
        );
      }
    }
  });

  it("adds windows up to Nova's report for the whole time", async () => {
    const { created, state } = exporter({ openrc: openstack });
    await created.refresh();
    const first = state().meter.untilMs;
    await aSecondAfter(first, SETTLING_MS);
    await created.refresh();
    const { untilMs, totals } = state().meter;
    expect(untilMs).toBeGreaterThan(first);
    const fromNova = await (await signIn(environment)).usage(Date.parse(START), untilMs);
    for (const [id, { vcpu }] of fromNova)
      expect(Math.abs(Number(totals.get(id)?.vcpu ?? 0n) / 3_600_000 - vcpu)).toBeLessThan(1e-6);
  });

  it('is refused with a wrong password, in one line without the password', async () => {
    const { created } = exporter({}, { ...environment, OS_PASSWORD: 'wrong-swordfish' });
    const started = created.start();
    await expect(started).rejects.toThrow(UserError);
    await expect(started).rejects.toThrow(/^Keystone at .* refuses the credentials \(401\)/);
    await expect(started).rejects.not.toThrow('swordfish');
  });

  it('exports only the own project of a user who may not read others, and shows that', async () => {
    const { created } = exporter({ openrc: beside('openrc-reader') });
    await created.start();
    const url = `http://${formatAddress(created.address)}`;
    const shown = await eventually(async () => await scrape(url));
    const cloud = await signIn(environment);
    const demo = [...(await cloud.projectNames())].find(([, name]) => name === 'demo')?.[0] ?? '';
    const fromNova = (await cloud.usage(Date.parse(START), shown.untilMs)).get(demo);
    expect([...shown.usage.keys()]).toEqual(RESOURCES.map((resource) => `${resource} ${demo}`));
    expect(Math.abs((shown.usage.get(`vcpu ${demo}`)?.value ?? 0) - (fromNova?.vcpu ?? -1))).toBeLessThan(
      1e-6,
    );
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('stackmeter_exporter_whole_cloud 0\n');
  });

  it(
    'exports every project in which a user without rights has a role, with the usage that Nova reports',
    { timeout: SLOW_MS },
    async () => {
      const { created } = exporter({ openrc: beside('openrc-owner') });
      await created.start();
      const shown = await eventually(
        async () => await scrape(`http://${formatAddress(created.address)}`),
        SLOW_MS,
      );
      const cloud = await signIn(environment);
      const fromNova = await cloud.usage(Date.parse(START), shown.untilMs);
      const names = await cloud.projectNames();
      const shownIds = [
        ...new Set([...shown.usage.values()].map(({ labels }) => labels['project_id'] ?? '')),
      ];
      expect(shownIds.length).toBeGreaterThan(15);
      expect(shownIds.map((id) => names.get(id))).not.toContain('switched-off');
      for (const id of shownIds) {
        const { value, labels } = shown.usage.get(`vcpu ${id}`) ?? { value: Number.NaN, labels: {} };
        expect(labels['project_name']).toBe(names.get(id));
        expect(['Default', 'elixir']).toContain(labels['domain_name']);
        expect(Math.abs(value - (fromNova.get(id)?.vcpu ?? 0))).toBeLessThan(1e-6);
      }
    },
  );

  it('filters the projects in which a user has a role by domain', { timeout: SLOW_MS }, async () => {
    const domainsOf = async (openrc: string, domain: string) => {
      const { created } = exporter({ openrc: beside(openrc), domain: [domain], start: undefined });
      await created.start();
      const shown = await eventually(
        async () => await scrape(`http://${formatAddress(created.address)}`),
        SLOW_MS,
      );
      return [...new Set([...shown.usage.values()].map(({ labels }) => labels['domain_name']))];
    };
    expect(await domainsOf('openrc-owner', 'elixir')).toEqual(['elixir']);
    expect(await domainsOf('openrc-reader', 'default')).toEqual(['Default']);
    await expect(domainsOf('openrc-reader', 'elixir')).rejects.toThrow(
      "Keystone knows no domain 'elixir'; there are Default",
    );
  });

  it('shows the parts of a pool project by the metadata of its servers', async () => {
    const cloud = await signIn(environment);
    const pool = [...(await cloud.projectNames())].find(([, name]) => name === 'SimpleVM')?.[0] ?? '';
    const split = { splitProject: pool, splitMetadata: 'project_name' };
    const { created } = exporter({ openrc: openstack, ...split });
    await created.start();
    const shown = await eventually(async () => await scrape(`http://${formatAddress(created.address)}`));
    const parts = [...shown.usage].filter(([key]) => key.startsWith(`vcpu ${pool}`));
    expect(parts.length).toBeGreaterThan(2);
    for (const [key, { labels }] of parts)
      expect(key).toBe(
        labels['project_name'] === 'SimpleVM' ? `vcpu ${pool}` : `vcpu ${pool}/${labels['project_name']}`,
      );
    const sum = parts.reduce((hours, [, { value }]) => hours + value, 0);
    const fromNova = (await cloud.usage(Date.parse(START), shown.untilMs)).get(pool);
    expect(Math.abs(sum - (fromNova?.vcpu ?? -1))).toBeLessThan(1e-6);
  });
});
