import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createExporter } from '../../src/exporter/exporter.ts';
import type { Usage } from '../../src/exporter/metering/amounts.ts';
import { readExporterConfig } from '../../src/exporter/settings/config.ts';
import { parseState } from '../../src/exporter/state/state-format.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { bundled } from '../support/bundled.ts';
import { startProgram, temporaryFolder } from '../support/processes.ts';
import { servers, settableClock, START_MS, startCloud } from './small-cloud.ts';
import { usageTruth } from '../../src/simulation/model/truth.ts';

const KILLS = 8;
const PASSES_MS = 1_200_000;
/** Long enough that servers are launched, resized and deleted. */
const LEAST_MS = 12 * 3_600_000;

it('an exporter that is killed (-9) at any moment loses nothing and counts nothing twice', async () => {
  const loop = await bundled('test/exporter/refresh-loop.ts');
  const clock = settableClock();
  const cloud = await startCloud(clock, { servers: servers(200) });
  // Twenty minutes pass with every refresh, also on a slow machine: relaunches are hours apart.
  cloud.setFaults(({ path }) => {
    if (path === '/compute/v2.1/') clock.passTime(PASSES_MS);
    return undefined;
  });
  const state = join(temporaryFolder(), 'state.json');
  let untilMs = START_MS;
  for (let kills = 0; kills < KILLS || untilMs < START_MS + LEAST_MS; kills++) {
    const exporter = startProgram(process.execPath, [loop, state, '2026-01-01'], {
      env: cloud.environment(),
    });
    await exporter.waitFor(/refreshed/);
    // The kill falls at a random time of a refresh; nothing is waited for.
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 200));
    await exporter.stop('SIGKILL');

    const { meter } = parseState(readFileSync(state, 'utf8'));
    expect(meter.untilMs).toBeGreaterThan(untilMs);
    expectNoMore(meter.totals, usageTruth(cloud.model(), START_MS, meter.untilMs));
    untilMs = meter.untilMs;
  }

  cloud.setFaults(undefined);
  clock.passTime(PASSES_MS);
  await refreshOnce(cloud.environment(), state, clock);
  const { meter } = parseState(readFileSync(state, 'utf8'));
  expect(meter.totals).toEqual(usageTruth(cloud.model(), START_MS, meter.untilMs));
});

/** Totals may lack usage of servers that are relaunched while an answer is read, but never have too much. */
function expectNoMore(totals: ReadonlyMap<string, Usage>, truth: ReadonlyMap<string, Usage>): void {
  for (const [id, { vcpu, mb }] of totals) {
    const used = truth.get(id);
    expect([id, vcpu <= (used?.vcpu ?? 0n), mb <= (used?.mb ?? 0n)]).toEqual([id, true, true]);
  }
}

async function refreshOnce(env: Record<string, string>, state: string, clock: Clock): Promise<void> {
  const config = readExporterConfig({ flags: { state, settlingDelay: 0 }, env });
  const exporter = createExporter(config, { clock, logger: silentLogger() });
  await exporter.refresh();
  await exporter.close();
}
