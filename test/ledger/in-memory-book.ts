import { atOnce } from '../../src/prometheus/steps.ts';
import type { Reading } from '../../src/portal/ledger/ledger.ts';
import { entriesOf, type Entry } from '../../src/portal/ledger/accounting/meters/entries.ts';
import type { Interval, MeterGap } from '../../src/portal/ledger/accounting/meters/gap.ts';
import { correctClouds, correctMeters } from '../../src/portal/ledger/accounting/sweeps/late.ts';
import { hourBefore } from '../../src/portal/ledger/accounting/meters/hours.ts';
import {
  DEFAULT_RULES,
  USUAL_HOURS,
  type Anomaly,
  type MeterState,
} from '../../src/portal/ledger/accounting/meters/meter.ts';
import type { NameState } from '../../src/portal/ledger/accounting/sites/names.ts';
import { addToOpenHour, NOTHING_OPEN } from '../../src/portal/ledger/accounting/meters/open-hour.ts';
import type { CloudProgress, HourCoverage } from '../../src/portal/ledger/accounting/sites/progress.ts';
import { coursesOf } from '../../src/portal/ledger/accounting/sites/courses.ts';
import { foldReadings } from '../../src/portal/ledger/accounting/sweeps/sweep.ts';

/** The key of the default meter of `reading`. */
export const METER = '\0p1\0vcpu';

/** A ledger in memory for tests. It applies changes like the store, in the simplest way. */
export class InMemoryBook {
  clouds = new Map<string, CloudProgress>();
  names = new Map<string, NameState>();
  meters = new Map<string, MeterState>();
  history: [string, string, number][] = [];
  entries = new Map<string, { amount: bigint; spread: bigint }>();
  coverage = new Map<number, { measuredMs: number; spreadMs: number }>();
  corrections = new Map<string, bigint>();
  epochs = new Map<string, number>();
  serverEpochs = new Map<string, number>();
  anomalyKinds = new Set<string>();
  openHours = new Map<string, Entry>();
  jumpedBy = new Map<string, bigint>();
  readonly #jumps = new Map<string, { atMs: number; sum: bigint }>();
  meterGaps = new Map<string, MeterGap[]>();
  cloudGaps = new Map<string, Interval[]>();

  fold(...readings: Reading[]) {
    return this.#fold(readings, this.usualHours);
  }

  #fold(readings: readonly Reading[], usualHours: Map<string, bigint>) {
    const { clouds, names, epochs, serverEpochs, jumpedBy } = this;
    const meters = new Map(
      [...this.meters].map(([key, meter]) => [
        key,
        { ...meter, open: this.openHours.get(key) ?? NOTHING_OPEN },
      ]),
    );
    const courses = atOnce(coursesOf(clouds, readings, DEFAULT_RULES));
    const book = { names, meters, epochs, serverEpochs, usualHours, jumpedBy };
    const changes = atOnce(foldReadings(book, courses, readings, DEFAULT_RULES));
    for (const [name, { change }] of courses) {
      if (change === undefined) continue;
      const { progress, coverage, gaps } = change;
      this.clouds.set(name, progress);
      this.cloudGaps.set(name, [...(this.cloudGaps.get(name) ?? []), ...gaps]);
      for (const hour of coverage.values()) this.#cover(hour);
    }
    for (const [epoch, firstMs] of changes.epochs) this.epochs.set(epoch, firstMs);
    for (const [epoch, firstMs] of changes.serverEpochs) this.serverEpochs.set(epoch, firstMs);
    for (const [key, change] of changes.names)
      for (const name of change.names) {
        this.names.set(key, name);
        this.history.push([key, name.projectName, name.sinceMs]);
      }
    for (const [key, { meter, usages, gaps, anomalies }] of changes.meters) {
      this.meters.set(key, meter);
      this.meterGaps.set(key, [...(this.meterGaps.get(key) ?? []), ...gaps]);
      for (const entry of entriesOf(usages)) this.#enter(key, entry);
      this.openHours.set(key, openAfter(this.openHours.get(key), entriesOf(usages)));
      this.#noteJumps(key, meter, anomalies);
      for (const { kind, correction } of anomalies) {
        if (correction !== 0n) this.#correct(key, correction);
        this.anomalyKinds.add(kind);
      }
    }
    return { folded: changes.folded, ignored: changes.ignored, anomalies: changes.anomalies };
  }

  foldLate(...readings: Reading[]) {
    const { usualHours } = this;
    const gapBook = { meters: this.meterGaps, usualHours };
    const late = atOnce(correctMeters(gapBook, readings, DEFAULT_RULES));
    for (const { key, gap, open, entries, correction } of late.meters) {
      this.meterGaps.set(key, replaced(this.meterGaps.get(key), gap, open));
      for (const entry of entries) this.#enter(key, entry);
      if (correction !== 0n) this.#correct(key, correction);
    }
    const clouds = atOnce(correctClouds(this.cloudGaps, readings, DEFAULT_RULES));
    for (const { cloud, gap, open, coverage } of clouds) {
      this.cloudGaps.set(cloud, replaced(this.cloudGaps.get(cloud), gap, open));
      for (const hour of coverage) this.#cover(hour);
    }
    const { folded, ignored } = this.#fold(readings, usualHours);
    return { replaced: late.meters.length, folded, ignored: ignored - late.used };
  }

  /** The largest usage of an hour in the week up to the last reading of each meter. */
  get usualHours(): Map<string, bigint> {
    const hours = [...this.meters].map(([key, { lastAtMs }]) => {
      const last = hourBefore(lastAtMs);
      const lately = this.hours(key).filter(([hour]) => hour > last - USUAL_HOURS && hour <= last);
      return [key, lately.reduce((most, [, amount]) => (amount > most ? amount : most), 0n)] as const;
    });
    return new Map(hours);
  }

  /** Adds up jumps by hour, like the anomalies in the store. */
  #noteJumps(key: string, { lastAtMs }: MeterState, anomalies: readonly Anomaly[]): void {
    for (const { kind, atMs, correction } of anomalies) {
      if (kind !== 'base-moved') continue;
      const hour = `${key} ${hourBefore(atMs)}`;
      this.#jumps.set(hour, { atMs, sum: (this.#jumps.get(hour)?.sum ?? 0n) + correction });
    }
    const jump = this.#jumps.get(`${key} ${hourBefore(lastAtMs)}`);
    this.jumpedBy.set(key, jump?.atMs === lastAtMs ? jump.sum : 0n);
  }

  #cover({ hour, measuredMs, spreadMs }: HourCoverage): void {
    const had = this.coverage.get(hour) ?? { measuredMs: 0, spreadMs: 0 };
    this.coverage.set(hour, {
      measuredMs: had.measuredMs + measuredMs,
      spreadMs: had.spreadMs + spreadMs,
    });
  }

  #enter(key: string, { hour, amount, spread }: Entry): void {
    const had = this.entries.get(`${key} ${hour}`) ?? { amount: 0n, spread: 0n };
    const has = { amount: had.amount + amount, spread: had.spread + spread };
    if (has.amount === 0n && has.spread === 0n) this.entries.delete(`${key} ${hour}`);
    else this.entries.set(`${key} ${hour}`, has);
  }

  #correct(key: string, correction: bigint): void {
    this.corrections.set(key, (this.corrections.get(key) ?? 0n) + correction);
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

function openAfter(open: Entry = NOTHING_OPEN, gained: Iterable<Entry>): Entry {
  const hours = addToOpenHour(open, gained);
  for (;;) {
    const hour = hours.next();
    if (hour.done === true) return hour.value;
  }
}

function replaced<G extends Interval>(gaps: readonly G[] | undefined, gap: G, open: readonly G[]): G[] {
  return [...(gaps ?? []).filter((one) => one !== gap), ...open];
}

/** A reading of the meter METER; `more` changes its fields. */
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
