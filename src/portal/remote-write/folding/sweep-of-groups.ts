import { eachInSteps, type Steps } from '../../../prometheus/steps.ts';
import { projectKey } from '../../ledger/accounting/meters/identity.ts';
import { sameName } from '../../ledger/accounting/sites/names.ts';
import { sweepSteps, type SweepOptions } from '../../ledger/accounting/sweeps/readings.ts';
import { Refusals } from '../../ledger/accounting/sweeps/refusals.ts';
import type { KnownSeries } from '../../ledger/accounting/sweeps/series.ts';
import type { Reading, Refusal, Sweep } from '../../ledger/ledger.ts';
import { oneOfEachFamily } from './instants-between.ts';
import { lacksStatement, samplesOf, type Group } from './waiting-room.ts';

export interface SweepOfGroups extends Sweep {
  /** The number of groups, counted from the first. */
  groups: number;
  /** Samples of these groups that the ledger does not need. */
  unread: number;
}

/** A sweep ends with the group that reaches this number, because its readings are in memory at once. */
const SAMPLES_PER_FOLD = 200_000;

/** A sweep of the first groups. Reads groups `between` others in full unless those others are read whole. */
export function* sweepOfGroups(
  groups: readonly Group[],
  between: ReadonlySet<Group>,
  nowMs: number,
  options?: SweepOptions,
  mostSamples = SAMPLES_PER_FOLD,
): Steps<SweepOfGroups> {
  const readings: Reading[] = [];
  const refusals: Refusal[] = [];
  const sweep = { receivedAtMs: nowMs, readings, refusals, groups: 0, unread: 0 };
  const known: KnownSeries = new Map();
  const sweepOf = (group: Group) =>
    lacksStatement(group) ? refused(group) : sweepSteps(samplesOf(group), nowMs, { ...options, known });
  let samples = 0;
  const add = (part: Sweep, ofSamples: number) => {
    for (const reading of part.readings) readings.push(reading);
    refusals.push(...part.refusals);
    sweep.groups += 1;
    samples += ofSamples;
  };
  let waiting: Group[] = [];
  let isWhole = false;
  for (const group of groups) {
    if (between.has(group) && group !== groups.at(-1)) {
      waiting.push(group);
      continue;
    }
    const wasWhole = isWhole;
    const outer = yield* sweepOf(group);
    isWhole = between.size > 0 && (yield* hasAllReadings(outer, group));
    for (const one of waiting) {
      const needed = wasWhole && isWhole ? oneOfEachFamily(one) : one;
      sweep.unread += one.values.length - needed.values.length;
      add(yield* sweepOf(needed), needed.values.length);
      if (needed === one && samples >= mostSamples) return sweep;
    }
    waiting = [];
    add(outer, group.values.length);
    if (samples >= mostSamples) break;
    yield;
  }
  return sweep;
}

/** Whether each sample of a group became a reading, and each project has one name in them. */
function* hasAllReadings({ readings }: Sweep, { values }: Group): Steps<boolean> {
  if (readings.length !== values.length) return false;
  const named = new Map<string, Reading>();
  let isWhole = true;
  yield* eachInSteps(readings, (reading) => {
    const key = projectKey(reading);
    const other = named.get(key);
    if (other === undefined) named.set(key, reading);
    // Two names take turns from instant to instant, so each instant counts.
    else if (!sameName(other, reading)) isWhole = false;
  });
  return isWhole;
}

/** Refuses a group without its exporter's statement. Its usage is in the next totals that have one. */
function* refused(group: Group): Steps<Sweep> {
  const { receivedMs: receivedAtMs } = group;
  const refusals = new Refusals();
  yield* eachInSteps(samplesOf(group), (sample) => refusals.add("without its exporter's statement", sample));
  return { receivedAtMs, readings: [], refusals: refusals.list() };
}
