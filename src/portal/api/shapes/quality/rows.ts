import type {
  HourAnomaly,
  HourCorrection,
  MeterPlace,
  SiteRefusal,
  SiteSweepRun,
} from '../../../ledger/ledger.ts';
import { flavorRowOf, isoOf } from '../rows.ts';
import type { AnomalyRow, CorrectionRow, RefusalRow, SweepRow } from './answers.ts';

/** The only cause of a correction: usage between the ends of a gap is spread until readings of the gap arrive. */
const LATE_READINGS = 'readings of a gap arrived, and replace usage that was spread over it';

export function correctionRowOf(correction: HourCorrection): CorrectionRow {
  return {
    ...placeRow(correction),
    before: correction.before ?? null,
    after: correction.after ?? null,
    spread_before: correction.spreadBefore ?? null,
    spread_after: correction.spreadAfter ?? null,
    unit: correction.unit,
    reason: LATE_READINGS,
    at: isoOf(correction.atMs),
  };
}

const REASONS: Readonly<Record<string, string>> = {
  'total-fell': 'the total fell; it counts on from the lower value',
  'epoch-changed': 'the exporter began new totals, for example because it lost its state',
  'epoch-returned': 'the exporter went back to earlier totals',
  'base-moved': 'many totals jumped at once, so the exporter counts from another start',
  'implausible-jump': 'the total rose by more than anything can use; the rise does not count',
  'absurd-jump': 'the total rose much faster than ever before; the rise counts',
  'late-truth': 'late readings show that a total moved in a gap without being usage',
};

export function anomalyRowOf(anomaly: HourAnomaly): AnomalyRow {
  return {
    ...placeRow(anomaly),
    kind: anomaly.kind,
    reason: REASONS[anomaly.kind] ?? anomaly.kind,
    count: anomaly.count,
    correction: anomaly.correction,
    unit: anomaly.unit,
    last_at: isoOf(anomaly.lastAtMs),
  };
}

export function refusalRowOf({ firstAtMs, lastAtMs, lastSeries, ...refusal }: SiteRefusal): RefusalRow {
  return { ...refusal, first_at: isoOf(firstAtMs), last_at: isoOf(lastAtMs), last_series: lastSeries };
}

export function sweepRowOf({ fromMs, toMs, ...run }: SiteSweepRun): SweepRow {
  return { ...run, from: isoOf(fromMs), to: isoOf(toMs) };
}

function placeRow({
  site,
  cloud,
  projectId,
  projectName,
  resource,
  ...more
}: MeterPlace & { startMs: number }) {
  const { flavor, state, startMs } = more;
  return {
    site,
    cloud,
    project_id: projectId,
    project_name: projectName,
    resource,
    ...(flavor === undefined ? {} : { flavor: flavorRowOf(flavor), state }),
    start: isoOf(startMs),
  };
}
