import { describe, expect, it, vi } from 'vitest';
import { silentLogger } from '../../runtime/logger.ts';
import type { StoragePolicy } from './storage-policy.ts';
import { Maintenance } from './maintenance.ts';

describe('maintenance', () => {
  it('continues at intervals after a failed run, until it is closed', async () => {
    const slept: number[] = [];
    let runs = 0;
    let closing: Promise<void> | undefined;
    const ledger = {
      maintain: async () => {
        runs += 1;
        if (runs === 1) throw new Error('the database is away');
        if (runs === 3) closing = maintenance.close();
        return { packed: 1, dropped: 0, expired: 0 };
      },
    };
    const clock = {
      nowMs: () => 0,
      sleep: async (durationMs: number) => {
        slept.push(durationMs / 60_000);
      },
    };
    const maintenance: Maintenance = new Maintenance({ ledger, clock, logger: silentLogger() });
    maintenance.start();
    maintenance.start();
    await vi.waitFor(() => expect(closing).toBeDefined());
    await closing;
    expect([runs, slept]).toEqual([3, [5, 360, 360, 360]]);
  });

  it('follows the present policy, which a reload may change', async () => {
    const policies: unknown[] = [];
    const present = { packAfterDays: 2, hoursKeptDays: 400 as number | undefined, gapsKeptDays: 62 };
    let closing: Promise<void> | undefined;
    const ledger = {
      maintain: async (policy?: StoragePolicy) => {
        policies.push(policy?.hoursKeptDays);
        present.hoursKeptDays = undefined;
        if (policies.length === 2) closing = maintenance.close();
        return { packed: 0, dropped: 0, expired: 0 };
      },
    };
    const clock = { nowMs: () => 0, sleep: async () => undefined };
    const logger = silentLogger();
    const maintenance: Maintenance = new Maintenance({
      ledger,
      clock,
      logger,
      policy: () => ({ ...present }),
    });
    maintenance.start();
    await vi.waitFor(() => expect(closing).toBeDefined());
    await closing;
    expect(policies).toEqual([400, undefined]);
  });
});
