import { onTestFinished } from 'vitest';
import type { Clock } from '../../src/runtime/clock.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { SIMULATED_ADMINISTRATOR } from '../../src/simulation/administrator.ts';
import { staticCloud, type StaticCloud } from '../../src/simulation/model/static-cloud.ts';
import type { Flavor, ServerLife } from '../../src/simulation/model/server-life.ts';
import {
  createSimulatedCloud,
  SIMULATION_DEFAULTS,
  type SimulatedCloud,
} from '../../src/simulation/simulated-cloud.ts';

export const START_MS = Date.UTC(2026, 0, 1);
const HOUR_MS = 3_600_000;

export const domains = [
  { id: 'default', name: 'Default' },
  { id: 'd2', name: 'elixir' },
];

export const projects = [
  { id: 'p0', name: 'say "hi"\\', domainId: 'default' },
  { id: 'p1', name: 'Größe', domainId: 'default' },
  { id: 'p2', name: 'never used', domainId: 'd2' },
  { id: 'p3', name: 'other domain', domainId: 'd2' },
];

/** A clock that only `passTime` moves. A sleep by this clock ends only with its signal. */
export function settableClock() {
  let nowMs = START_MS;
  return {
    nowMs: () => nowMs,
    sleep: async (_durationMs: number, signal?: AbortSignal) => {
      if (signal?.aborted) return;
      await new Promise<void>((resolve) => {
        signal?.addEventListener('abort', () => resolve(), { once: true });
      });
    },
    passTime: (durationMs: number) => {
      nowMs += durationMs;
    },
  };
}

/**
 * Servers that are launched an hour apart. Every third server is resized after five hours. Every fourth server is
 * deleted after eleven hours, and archived two hours later.
 */
export function servers(count: number): ServerLife[] {
  return Array.from({ length: count }, (_, index) => {
    const atMs = START_MS - 12 * HOUR_MS + (index % 48) * HOUR_MS;
    const first = { atMs, flavor: flavor(1 + (index % 7)) };
    const resized = { atMs: atMs + 5 * HOUR_MS + 17_000, flavor: flavor(8) };
    const deletedMs = atMs + 11 * HOUR_MS + 23_000;
    return {
      id: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
      name: `server ${index}`,
      projectId: ['p0', 'p1', 'p3'][index % 3] ?? 'p0',
      metadata: {},
      launches: index % 3 === 0 ? [first, resized] : [first],
      ...(index % 4 === 0 ? { deletedMs, archivedMs: deletedMs + 2 * HOUR_MS } : {}),
    };
  });
}

function flavor(vcpus: number): Flavor {
  const id = `flavor-${vcpus}`;
  const sizes = { vcpus, memoryMb: 1024 * vcpus, diskGb: 20, ephemeralGb: vcpus };
  return { id, name: id, ...sizes, extraSpecs: {} };
}

/** Starts a simulated cloud on loopback, and ends it with the test. */
export async function startCloud(
  clock: Clock,
  cloud: Partial<StaticCloud> = {},
  settings: { maxLimit?: number } = {},
): Promise<SimulatedCloud> {
  const model = staticCloud({ domains, projects, servers: servers(60), ...cloud });
  const simulated = createSimulatedCloud(
    {
      ...SIMULATION_DEFAULTS,
      ...settings,
      listen: { host: '127.0.0.1', port: 0 },
      source: { model },
      users: [SIMULATED_ADMINISTRATOR],
    },
    { clock, logger: silentLogger() },
  );
  await simulated.start();
  onTestFinished(async () => await simulated.close());
  return simulated;
}
