import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { readExporterConfig } from '../../src/exporter/settings/config.ts';
import { createExporter } from '../../src/exporter/exporter.ts';
import { parseState } from '../../src/exporter/state/state-format.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { describeWith } from '../support/describe-with.ts';
import { signIn } from './nova.ts';
import { serviceAddress } from './client.ts';
import { aSecondAfter } from './clock.ts';
import { openstackEnvironment } from './environment.ts';
import { temporaryFolder } from '../support/processes.ts';
import { startTamperingProxy, type Tampering } from '../support/tampering-proxy.ts';

const START = '2026-01-01';
const HOUR_MS = 3_600_000;
const SETTLING_MS = 2000;

const onLaterPages =
  (spoil: NonNullable<Tampering['answers']>): NonNullable<Tampering['answers']> =>
  (answer, path) =>
    path.includes('marker=') ? spoil(answer, path) : answer;

/** Ways to spoil a later page of Nova's answer, and the exporter's message for each. */
const SPOILED_PAGES: [string, Tampering, RegExp][] = [
  [
    'breaks off',
    { answers: onLaterPages((answer) => ({ ...answer, body: answer.body.subarray(0, -9) })) },
    /^Nova .* does not answer/,
  ],
  ['does not come', { answers: onLaterPages(() => undefined) }, /^Nova .* does not answer/],
  [
    'is the 502 of a proxy',
    { answers: onLaterPages(() => ({ status: 502, headers: {}, body: Buffer.from('<html>') })) },
    /^Nova answers 502/,
  ],
  [
    'is not JSON',
    { answers: onLaterPages(() => ({ status: 200, headers: {}, body: Buffer.from('<html>') })) },
    /not complete JSON/,
  ],
  [
    'starts after a server that Nova has forgotten',
    { asks: (path) => path.replace(/marker=[^&]*/, () => `marker=${randomUUID()}`) },
    /^Nova answers 400 .*Marker .* could not be found/,
  ],
];

function novaAhead(aheadMs: number): Tampering {
  const date = () => new Date(Date.now() + aheadMs).toUTCString();
  return { answers: (answer) => ({ ...answer, headers: { ...answer.headers, date: date() } }) };
}

/** An exporter that reads a real Nova in pages of ten servers, through a proxy that can spoil the pages. */
async function startBehindProxy(environment: Record<string, string>) {
  const proxy = await startTamperingProxy(await serviceAddress(environment, 'compute'));
  const stateFile = join(temporaryFolder(), 'state.json');
  const flags = {
    state: stateFile,
    start: START,
    settlingDelay: SETTLING_MS / 1000,
    longestWindow: 366 * 86_400,
    pageSize: 10,
  };
  const env = { ...environment, OS_COMPUTE_ENDPOINT_OVERRIDE: proxy.url };
  const config = { ...readExporterConfig({ flags, env }), firstRetryDelayMs: 1 };
  const exporter = createExporter(config, { clock: systemClock, logger: silentLogger() });
  onTestFinished(async () => await exporter.close());
  const state = () => parseState(readFileSync(stateFile, 'utf8'));
  const refresh = async () => await exporter.refresh();
  /** Refreshes and compares totals with Nova's; returns the instant up to which they count. */
  const refreshExactly = async () => {
    await refresh();
    const { untilMs, totals } = state().meter;
    const fromNova = await (await signIn(environment)).usage(Date.parse(START), untilMs);
    for (const [id, { mb }] of fromNova)
      expect(Math.abs(Number(totals.get(id)?.mb ?? 0n) / HOUR_MS - mb)).toBeLessThan(1e-6);
    return untilMs;
  };
  /** Waits until the next refresh has a window. */
  const aWindowLater = async () => await aSecondAfter(state().meter.untilMs, SETTLING_MS);
  return { proxy, state, refresh, refreshExactly, aWindowLater };
}

describeWith(['openstack'], 'the exporter of a real OpenStack with spoiled answers', ({ openstack }) => {
  const environment = openstackEnvironment(openstack);

  it('folds nothing if a page is spoiled in any way, and counts the usage later', async () => {
    const { proxy, state, refresh, refreshExactly, aWindowLater } = await startBehindProxy(environment);
    await refreshExactly();
    for (const [what, tampering, message] of SPOILED_PAGES) {
      const before = state();
      proxy.tamper(tampering);
      await aWindowLater();
      await expect(refresh()).rejects.toThrow(message);
      expect([what, state()]).toEqual([what, before]);
      proxy.tamper({});
      await refresh();
      expect([what, state().meter.untilMs > before.meter.untilMs]).toEqual([what, true]);
    }
    await refreshExactly();
  });

  it('counts nothing too early and nothing twice if the clock of Nova jumps', async () => {
    const { proxy, state, refresh, refreshExactly, aWindowLater } = await startBehindProxy(environment);
    proxy.tamper(novaAhead(48 * HOUR_MS));
    const untilMs = await refreshExactly();
    expect(untilMs).toBeLessThan(Date.now());
    proxy.tamper(novaAhead(-HOUR_MS));
    await aWindowLater();
    await refresh();
    expect(state().meter.untilMs).toBe(untilMs);
    proxy.tamper({});
    expect(await refreshExactly()).toBeGreaterThan(untilMs);
  });
});
