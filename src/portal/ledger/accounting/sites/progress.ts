import { MS_PER_HOUR } from '../../../../prometheus/usage-metrics.ts';
import { hourAt, hourBefore } from '../meters/hours.ts';
import { qualityOf, type AccountingRules } from '../meters/meter.ts';

/** The instants of a cloud's first and latest readings. */
export interface CloudProgress {
  firstMs: number;
  /** The instant of the reading before the last one; equal to `lastMs` if the cloud was read once. */
  priorMs: number;
  lastMs: number;
}

/** How much of an hour the readings of a cloud cover. */
export interface HourCoverage {
  /** Whole hours since the Unix epoch, UTC. */
  hour: number;
  measuredMs: number;
  spreadMs: number;
}

/** The progress after a reading at `atMs`. */
export function advance(progress: CloudProgress | undefined, atMs: number): CloudProgress {
  if (progress === undefined) return { firstMs: atMs, priorMs: atMs, lastMs: atMs };
  if (atMs <= progress.lastMs) return progress;
  return { firstMs: progress.firstMs, priorMs: progress.lastMs, lastMs: atMs };
}

/**
 * The last instant at which a new meter was at zero (rule A5), for a first reading at `atMs`. `known` is the cloud's
 * progress before the sweep, `progress` its progress before the readings of this instant. `epochFirstMs` is the time of
 * the first reading of the epoch, undefined if this is the first one. Returns undefined if the meter opens with a balance:
 * in the first reading of a cloud (even in a part of it that comes late), and at a new exporter.
 */
export function beganAtZero(
  known: CloudProgress | undefined,
  progress: CloudProgress | undefined,
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
