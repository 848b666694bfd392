import { eachInSteps, type Steps } from '../../../prometheus/steps.ts';
import { sweepSteps, type SweepOptions } from '../../ledger/accounting/sweeps/readings.ts';
import { Refusals } from '../../ledger/accounting/sweeps/refusals.ts';
import type { KnownSeries } from '../../ledger/accounting/sweeps/series.ts';
import type { Reading, Refusal, Sweep } from '../../ledger/ledger.ts';
import { oneOfEachFamily } from './instants-between.ts';
import { lacksStatement, samplesOf, type Group } from './waiting-room.ts';

interface SweepOfGroups extends Sweep {
  /** Samples that the ledger does not need. */
  unread: number;
}

/** One sweep of all groups. Reads groups `between` others in full only if something in those others was refused. */
export function* sweepOfGroups(
  groups: readonly Group[],
  between: ReadonlySet<Group>,
  nowMs: number,
  options?: SweepOptions,
): Steps<SweepOfGroups> {
  let unread = 0;
  const readings: Reading[] = [];
  const refusals: Refusal[] = [];
  const known: KnownSeries = new Map();
  const readingsOf = (group: Group) => sweepSteps(samplesOf(group), nowMs, { ...options, known });
  const add = (sweep: Sweep) => {
    for (const reading of sweep.readings) readings.push(reading);
    refusals.push(...sweep.refusals);
  };
  let waiting: Group[] = [];
  let isWhole = false;
  for (const group of groups) {
    if (between.has(group) && group !== groups.at(-1)) {
      waiting.push(group);
      continue;
    }
    const wasWhole = isWhole;
    const sweep = yield* lacksStatement(group) ? refused(group) : readingsOf(group);
    isWhole = sweep.readings.length === group.values.length;
    for (const one of waiting) {
      const read = wasWhole && isWhole ? oneOfEachFamily(one) : one;
      unread += one.values.length - read.values.length;
      add(yield* readingsOf(read));
    }
    waiting = [];
    add(sweep);
    yield;
  }
  return { receivedAtMs: nowMs, readings, refusals, unread };
}

/** Refuses a group without its exporter's statement. Its usage is in the next totals that have one. */
function* refused(group: Group): Steps<Sweep> {
  const { receivedMs: receivedAtMs } = group;
  const refusals = new Refusals();
  yield* eachInSteps(samplesOf(group), (sample) => refusals.add("without its exporter's statement", sample));
  return { receivedAtMs, readings: [], refusals: refusals.list() };
}
