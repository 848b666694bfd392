import type { Steps } from '../../../prometheus/steps.ts';
import { SERVER_METRICS } from '../../../prometheus/usage-metrics.ts';
import { liesInOneHour } from '../../ledger/accounting/meters/hours.ts';
import type { WrittenSeries } from '../sorting.ts';
import type { Group } from './waiting-room.ts';

/** The instant of a group's totals, Unix milliseconds: what its exporter states, or else the time of the samples. */
export function instantMs({ foldedUntilSeconds, atMs }: Group): number {
  const isStated =
    foldedUntilSeconds !== null && Number.isFinite(foldedUntilSeconds) && foldedUntilSeconds > 0;
  return isStated ? Math.round(foldedUntilSeconds * 1000) : atMs;
}

/**
 * Finds the groups whose totals the ledger does not need: those that repeat the group before, at the same instant, and those
 * that lie between the group before and the group after. That is, same exporter, epoch and series, no total that falls, all
 * in one hour. The usage of that hour is the difference of the outer totals (rule A2). `groups` are those of one site, in
 * order of their instants. Only groups after `newestMs` lie between others, Unix milliseconds: the ledger ignores an older
 * one, or fills a gap with it.
 */
export function* groupsBetween(all: readonly Group[], newestMs: number): Steps<Set<Group>> {
  const between = new Set<Group>();
  const groups: Group[] = [];
  for (const group of all) {
    const before = groups.at(-1);
    if (before !== undefined && (yield* isRepeatedBy(before, group))) between.add(group);
    else groups.push(group);
    yield;
  }
  let follows = false;
  for (let at = 0; at + 1 < groups.length; at += 1) {
    const [before, group, after] = [groups[at - 1], groups[at], groups[at + 1]] as [Group, Group, Group];
    const isFollowed = yield* isFollowedBy(group, after);
    if (follows && isFollowed && isAfter(groups, at - 1, newestMs) && isBeforeNext(groups, at + 1))
      if (liesInOneHour(instantMs(before), instantMs(after))) between.add(group);
    follows = isFollowed;
    yield;
  }
  return between;
}

/** Whether a group is newer than all before it. If not, the ledger may ignore it. */
function isAfter(groups: readonly Group[], at: number, newestMs: number): boolean {
  const [before, group] = [groups[at - 1], groups[at] as Group];
  return instantMs(group) > newestMs && (before === undefined || instantMs(before) < instantMs(group));
}

/** Whether no other group has the same instant. If one has, it may change a meter before this one does. */
function isBeforeNext(groups: readonly Group[], at: number): boolean {
  const [group, next] = [groups[at] as Group, groups[at + 1]];
  return next === undefined || instantMs(group) < instantMs(next);
}

/** A series of each family is enough to show that its cloud was read at the instant. */
export function oneOfEachFamily(group: Group): Group {
  const isOfServers = ({ name }: WrittenSeries) => name === SERVER_METRICS.usage;
  const places = [
    group.series.findIndex(isOfServers),
    group.series.findIndex((series) => !isOfServers(series)),
  ].filter((place) => place >= 0);
  return {
    ...group,
    series: places.map((place) => group.series[place] as WrittenSeries),
    values: places.map((place) => group.values[place] as number),
  };
}

function* isFollowedBy(one: Group, next: Group): Steps<boolean> {
  return isOfRun(one, next) && instantMs(one) < instantMs(next) && (yield* noTotalFalls(one, next));
}

/** Whether the next group is a later scrape of the same totals. An exporter is scraped more often than it counts. */
function* isRepeatedBy(one: Group, next: Group): Steps<boolean> {
  if (!isOfRun(one, next) || instantMs(one) !== instantMs(next)) return false;
  return (yield* noTotalFalls(one, next)) && (yield* noTotalFalls(next, one));
}

/** Whether two groups have the same exporter and epoch, and may have the same series. */
function isOfRun(one: Group, next: Group): boolean {
  return (
    one.foldedUntilSeconds !== null &&
    next.foldedUntilSeconds !== null &&
    one.exporter === next.exporter &&
    one.epoch !== null &&
    one.epoch !== '' &&
    one.epoch === next.epoch &&
    one.values.length === next.values.length
  );
}

const SERIES_IN_STEP = 10_000;
/** Amount × hours. The ledger refuses more than 1.3e12 in one hour: one sum of large rises, but not each rise. */
const LARGEST_RISE = 1e7;

/** Whether each series of a group has a total in the next group that is at least as large, and not far larger. */
function* noTotalFalls(one: Group, next: Group): Steps<boolean> {
  let places: Map<WrittenSeries, number> | undefined;
  for (let at = 0; at < one.series.length; at += 1) {
    if (at % SERIES_IN_STEP === SERIES_IN_STEP - 1) yield;
    const series = one.series[at] as WrittenSeries;
    let place: number | undefined = at;
    // The series of a scrape mostly come in the same order.
    if (next.series[at] !== series) {
      places ??= placesOf(next);
      place = places.get(series);
    }
    if (place === undefined) return false;
    const rise = (next.values[place] as number) - (one.values[at] as number);
    if (rise < 0 || rise > LARGEST_RISE) return false;
  }
  return true;
}

function placesOf({ series }: Group): Map<WrittenSeries, number> {
  return new Map(series.map((one, place) => [one, place]));
}
