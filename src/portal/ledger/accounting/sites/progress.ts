import { MS_PER_HOUR } from '../../../../prometheus/usage-metrics.ts';
import { hourAt, hourBefore } from '../meters/hours.ts';
import { qualityOf, type AccountingRules } from '../meters/meter.ts';

/** How far the readings of one cloud of a site have come. */
export interface CloudProgress {
  firstMs: number;
  /** The instant before the last at which the cloud was read; equal to `lastMs` where it was read once. */
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
 * When a new meter that is read at `atMs` was still at zero (rule A5). `known` is the cloud's progress before the sweep, and
 * `progress` that before this instant's readings: a cloud that is read for the first time, or a part of its very first reading that comes late, opens with a balance. So does
 * an exporter that is new: `epochFirstMs` is when readings of its epoch came first, undefined where this is the first.
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

/** The coverage that a cloud gains by being read at `toMs` after `fromMs`. */
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
