import type { Reading } from '../ledger.ts';
import { entriesOf } from './entries.ts';
import { DEFAULT_RULES, type MeterState } from './meter.ts';
import type { NameState } from './names.ts';
import type { CloudProgress } from './progress.ts';
import { foldSweep } from './sweep.ts';

/** The key of the meter that `reading` reads. */
export const METER = '\0p1\0vcpu';

/** A ledger in memory for tests: what the store does with changes, in its plainest form. */
export class InMemoryBook {
  clouds = new Map<string, CloudProgress>();
  names = new Map<string, NameState>();
  meters = new Map<string, MeterState>();
  history: [string, string, number][] = [];
  entries = new Map<string, { amount: bigint; spread: bigint }>();
  coverage = new Map<number, { measuredMs: number; spreadMs: number }>();
  corrections = new Map<string, bigint>();

  fold(...readings: Reading[]) {
    const changes = foldSweep(this, readings, DEFAULT_RULES);
    for (const [name, { progress, coverage }] of changes.clouds) {
      this.clouds.set(name, progress);
      for (const { hour, measuredMs, spreadMs } of coverage.values()) {
        const had = this.coverage.get(hour) ?? { measuredMs: 0, spreadMs: 0 };
        this.coverage.set(hour, {
          measuredMs: had.measuredMs + measuredMs,
          spreadMs: had.spreadMs + spreadMs,
        });
      }
    }
    for (const [key, { names }] of changes.names)
      for (const name of names) {
        this.names.set(key, name);
        this.history.push([key, name.projectName, name.sinceMs]);
      }
    for (const [key, { meter, usages, anomalies }] of changes.meters) {
      this.meters.set(key, meter);
      for (const { hour, amount, spread } of entriesOf(usages)) {
        const had = this.entries.get(`${key} ${hour}`) ?? { amount: 0n, spread: 0n };
        this.entries.set(`${key} ${hour}`, { amount: had.amount + amount, spread: had.spread + spread });
      }
      for (const { correction } of anomalies)
        this.corrections.set(key, (this.corrections.get(key) ?? 0n) + correction);
    }
    return { folded: changes.folded, ignored: changes.ignored, anomalies: changes.anomalies };
  }

  usage(key = METER): bigint {
    let sum = 0n;
    for (const [at, { amount }] of this.entries) if (at.startsWith(`${key} `)) sum += amount;
    return sum;
  }

  hours(key = METER): [number, bigint, bigint][] {
    return [...this.entries]
      .filter(([at]) => at.startsWith(`${key} `))
      .map(([at, { amount, spread }]) => [Number(at.slice(key.length + 1)), amount, spread]);
  }
}

/** A reading of one meter; `more` makes it another's. */
export function reading(atMs: number, total: bigint | number, more: Partial<Reading> = {}): Reading {
  return {
    cloud: '',
    projectId: 'p1',
    projectName: 'one',
    domainId: 'default',
    domainName: 'Default',
    resource: 'vcpu',
    total: BigInt(total),
    atMs,
    epoch: 'a',
    ...more,
  };
}
