import { newMeterState } from '../../src/exporter/metering/meter-state.ts';
import { OwnMetrics } from '../../src/exporter/exposition/own-metrics.ts';
import { usagePage } from '../../src/exporter/exposition/usage-page.ts';
import { AWKWARD_NAMES } from './canned-ledger.ts';

/** The exporter's page of two clouds: refreshes of one fail, and the other one was not read yet. */
export function cannedExporterPage(nowMs: number): string {
  const failing = new OwnMetrics();
  failing.refreshes.succeeded(nowMs - 3_600_000);
  failing.refreshes.failed('Nova: connect ECONNREFUSED 127.0.0.1:8774', nowMs - 60_000);
  const domain = { id: 'default', name: 'Default' };
  const projects = AWKWARD_NAMES.map((name, index) => ({ id: `p${index}`, name, domain }));
  const used = (hours: number) => {
    const ms = BigInt(hours) * 3_600_000n;
    return { vcpu: 4n * ms, mb: 8192n * ms, disk_gb: 80n * ms, instance: ms };
  };
  const totals = new Map(projects.map(({ id }, index) => [id, used(1000 * index)]));
  const snapshot = {
    meter: { ...newMeterState('e1', 0), untilMs: nowMs - 3_660_000, totals },
    sampled: new Map(),
    projects,
    completedMs: nowMs - 3_600_000,
    durationMs: 1200,
  };
  return usagePage([
    { cloud: 'north', snapshot, resources: ['vcpu', 'mb', 'disk_gb', 'instance'], metrics: failing },
    { cloud: 'south', snapshot: undefined, resources: ['vcpu'], metrics: new OwnMetrics() },
  ]);
}
