import { MS_PER_HOUR } from '../../../../prometheus/usage-metrics.ts';
import { hourAt, hourBefore } from '../meters/hours.ts';
import { qualityOf, type AccountingRules } from '../meters/meter.ts';

/** The instants of the first and the latest readings. */
export interface Progress {
  firstMs: number;
  /** The instant of the reading before the last one; equal to `lastMs` if there was one reading only. */
  priorMs: number;
  lastMs: number;
}

/** The instants of a cloud's readings. */
export interface CloudProgress extends Progress {
  /** Those with server hours, a family of series that may begin later (rule A5). Undefined before the first one. */
  serverHours?: Progress | undefined;
}

/** How much of an hour the readings of a cloud cover. */
export interface HourCoverage {
  /** Whole hours since the Unix epoch, UTC. */
  hour: number;
  measuredMs: number;
  spreadMs: number;
}

/** The progress after readings at `atMs`. */
export function advance(
  progress: CloudProgress | undefined,
  atMs: number,
  hasServerHours = false,
): CloudProgress {
  const cloud = progress === undefined || atMs > progress.lastMs ? moved(progress, atMs) : progress;
  const before = progress?.serverHours;
  const serverHours =
    hasServerHours && (before === undefined || atMs > before.lastMs) ? moved(before, atMs) : before;
  return cloud === progress && serverHours === before ? progress : { ...cloud, serverHours };
}

function moved(progress: Progress | undefined, atMs: number): Progress {
  return { firstMs: progress?.firstMs ?? atMs, priorMs: progress?.lastMs ?? atMs, lastMs: atMs };
}

/**
 * The last instant at which a new meter was at zero (rule A5), for a first reading at `atMs`. `known` is the progress of
 * the meter's family at the cloud before the sweep, `progress` its progress before the readings of this instant.
 * `epochFirstMs` is the time of the family's first reading in the epoch, undefined if this is the first one. Returns
 * undefined if the meter opens with a balance: in the first reading of a family (even in a part of it that comes late), and
 * at an exporter whose family is new.
 */
export function beganAtZero(
  known: Progress | undefined,
  progress: Progress | undefined,
  epochFirstMs: number | undefined,
  atMs: number,
): number | undefined {
  if (known === undefined || progress === undefined || atMs <= known.firstMs) return undefined;
  if (epochFirstMs === undefined || atMs <= epochFirstMs) return undefined;
  return progress.lastMs < atMs ? progress.lastMs : Math.min(progress.priorMs, atMs);
}

/** The coverage that a cloud gains between readings at `fromMs` and `toMs`. */
export function* coverageBetween(
  fromMs: number,
  toMs: number,
  rules: AccountingRules,
): Generator<HourCoverage> {
  const measured = qualityOf(fromMs, toMs, rules) === 'measured';
  for (let hour = hourAt(fromMs); hour <= hourBefore(toMs); hour += 1) {
    const startMs = hour * MS_PER_HOUR;
    const ms = Math.min(startMs + MS_PER_HOUR, toMs) - Math.max(startMs, fromMs);
    yield { hour, measuredMs: measured ? ms : 0, spreadMs: measured ? 0 : ms };
  }
}
