import { MS_PER_HOUR } from '../../../prometheus/usage-metrics.ts';
import type { PresentGrant } from './grant.ts';

const MS_PER_DAY = 86_400_000;
/** A rate comes from at most this many days that are over. */
const MOST_DAYS = 28;
/** With fewer days without missing hours, a rate would say little. */
const FEWEST_COMPLETE_DAYS = 3;

/** How readings cover one hour of a cloud. */
export interface CloudHour {
  site: string;
  cloud: string;
  startMs: number;
  /** The part of the hour that readings reach. */
  coveredMs: number;
  missing: boolean;
}

/** The usage of a grant's projects at one cloud in the last days. */
export interface CloudUsage {
  site: string;
  cloud: string;
  /** The resource, or charges by a price book. */
  subject: string;
  /** Amount × milliseconds. */
  amountMs: bigint;
}

/** How well the ledger knows the last days of a grant, and for how long it knows each cloud. */
export interface KnownDays {
  /** Days that are over, at most 28. */
  days: number;
  /** Hours of these days for which readings of some cloud are missing. */
  missingHours: number;
  enough: boolean;
  /** The known time of each cloud in milliseconds, by `cloudKey`. */
  knownMs: ReadonlyMap<string, number>;
}

/** The last whole days (UTC) that are over. */
export function lastDays(nowMs: number): { fromMs: number; toMs: number } {
  const toMs = Math.floor(nowMs / MS_PER_DAY) * MS_PER_DAY;
  return { fromMs: toMs - MOST_DAYS * MS_PER_DAY, toMs };
}

export function cloudKey({ site, cloud }: { site: string; cloud: string }): string {
  return `${site}\0${cloud}`;
}

/** The hours of the last days by cloud. Each list is in order of time, from the first reading of its cloud on. */
export type HoursByCloud = ReadonlyMap<string, readonly CloudHour[]>;

export function knownDays(
  { projects }: Pick<PresentGrant, 'projects'>,
  hours: HoursByCloud,
  nowMs: number,
): KnownDays {
  const { toMs } = lastDays(nowMs);
  const knownMs = new Map<string, number>();
  const missing = new Set<number>();
  let fromMs = toMs;
  for (const [key, ofCloud] of hours) {
    const startMs = startAt(projects, ofCloud, nowMs);
    if (startMs >= toMs) continue;
    fromMs = Math.min(fromMs, startMs);
    const counted = ofCloud.filter((hour) => hour.startMs >= startMs);
    for (const hour of counted) if (hour.missing) missing.add(hour.startMs);
    knownMs.set(key, timeKnown(counted, toMs));
  }
  const firstDay = Math.ceil(fromMs / MS_PER_DAY);
  const days = toMs / MS_PER_DAY - firstDay;
  const incomplete = new Set([...missing].map((ms) => Math.floor(ms / MS_PER_DAY)));
  const complete = days - [...incomplete].filter((day) => day >= firstDay).length;
  return { days, missingHours: missing.size, enough: complete >= FEWEST_COMPLETE_DAYS, knownMs };
}

/** The first hour of a cloud that counts: when a project of the grant there joined it, or at the first reading. */
function startAt(projects: PresentGrant['projects'], ofCloud: readonly CloudHour[], nowMs: number): number {
  const [first] = ofCloud;
  if (first === undefined) return Infinity;
  const froms = projects
    .filter(({ site, cloud }) => site === first.site && (cloud === undefined || cloud === first.cloud))
    .map(({ fromMs }) => fromMs ?? -Infinity);
  return Math.max(lastDays(nowMs).fromMs, first.startMs, Math.min(Infinity, ...froms));
}

/** The time that readings cover. After its last hour a cloud is retired: nothing is missing there. */
function timeKnown(hours: readonly CloudHour[], toMs: number): number {
  const endMs = (hours.at(-1)?.startMs ?? toMs) + MS_PER_HOUR;
  return hours.reduce((sum, { coveredMs }) => sum + coveredMs, 0) + Math.max(0, toMs - endMs);
}

/** The usage of a resource, amount × hours, in an hour of which everything is known. */
export function hourlyRate({ knownMs }: KnownDays, usage: readonly CloudUsage[]): number {
  return usage.reduce((rate, { amountMs, ...cloud }) => {
    const known = knownMs.get(cloudKey(cloud)) ?? 0;
    return known > 0 ? rate + Number(amountMs) / known : rate;
  }, 0);
}
