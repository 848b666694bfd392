import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { checkExporter } from '../src/exporter/check.ts';
import { createExporter } from '../src/exporter/exporter.ts';
import { readExporterConfig } from '../src/exporter/settings.ts';
import { parseState } from '../src/exporter/state-format.ts';
import { parseExposition } from '../src/prometheus/text-format-parser.ts';
import { systemClock } from '../src/runtime/clock.ts';
import { formatAddress } from '../src/runtime/listen.ts';
import { silentLogger } from '../src/runtime/logger.ts';
import { UserError } from '../src/runtime/user-error.ts';
import { describeWith } from './describe-with.ts';
import { signIn, type NovaUsage } from './nova.ts';
import { openstackEnvironment } from './openstack-environment.ts';
import { eventually, temporaryFolder } from './processes.ts';

const START = '2026-01-01';
const RESOURCES = ['vcpu', 'mb', 'disk_gb', 'instance'] as const satisfies (keyof NovaUsage)[];

function exporter(flags: Record<string, unknown>, env: Record<string, string> = {}) {
  const state = join(temporaryFolder(), 'state.json');
  const defaults = { listen: '127.0.0.1:0', state, start: START, settlingDelay: 2 };
  const config = readExporterConfig({ flags: { ...defaults, ...flags }, env });
  const created = createExporter(config, { clock: systemClock, logger: silentLogger() });
  onTestFinished(async () => await created.close());
  return { created, config, state: () => parseState(readFileSync(state, 'utf8')) };
}

/** `resource project` → hours and name, as the exporter shows them, and the instant up to which they count. */
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
    ['in windows of a day', openstack, { longestWindow: 86_400 }],
  ])('shows for every project what Nova itself reports: %s', async (_, openrc, flags) => {
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

  it('adds the windows of its refreshes up to what Nova reports for all of them', async () => {
    const { created, state } = exporter({ openrc: openstack });
    await created.refresh();
    const first = state().meter.untilMs;
    await new Promise((resolve) => setTimeout(resolve, 2000));
    await created.refresh();
    const { untilMs, totals } = state().meter;
    expect(untilMs).toBeGreaterThan(first);
    const fromNova = await (await signIn(environment)).usage(Date.parse(START), untilMs);
    for (const [id, { vcpu }] of fromNova)
      expect(Math.abs(Number(totals.get(id)?.vcpu ?? 0n) / 3_600_000 - vcpu)).toBeLessThan(1e-6);
  });

  it('is refused with a wrong password, in one line that does not have it', async () => {
    const { created } = exporter({}, { ...environment, OS_PASSWORD: 'wrong-swordfish' });
    const started = created.start();
    await expect(started).rejects.toThrow(UserError);
    await expect(started).rejects.toThrow(/^Keystone at .* refuses the credentials \(401\)/);
    await expect(started).rejects.not.toThrow('swordfish');
  });

  it('says which right is missing to a user who may not read everything', async () => {
    const { created } = exporter({ openrc: beside('openrc-reader') });
    await expect(created.start()).rejects.toThrow(/^Keystone answers 403 .*identity:list_domains/);
  });

  it('says what it sees when it is to check', async () => {
    const { config } = exporter({ openrc: openstack, domain: ['elixir'] });
    const lines = await checkExporter(config, { clock: systemClock });
    expect(lines.join('\n')).toMatch(
      /^Keystone .*signed in as 'admin', project 'admin'\n.* projects in the domains 'elixir'\nNova .* ran in the last hour$/,
    );
  });
});
