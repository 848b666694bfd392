import type { CoverageRow } from '../../src/portal/api/shapes/answers.ts';
import type {
  AnomalyRow,
  CorrectionRow,
  RefusalRow,
  SweepRow,
} from '../../src/portal/api/shapes/quality/answers.ts';

/** The records of a canned portal beside usage. */
export interface CannedRecords {
  corrections?: CorrectionRow[];
  anomalies?: AnomalyRow[];
  refusals?: RefusalRow[];
  sweeps?: SweepRow[];
}

const LISTS = {
  '/api/v1/corrections': 'corrections',
  '/api/v1/anomalies': 'anomalies',
  '/api/v1/refusals': 'refusals',
  '/api/v1/sweeps': 'sweeps',
} as const satisfies Record<string, keyof CannedRecords>;

export function isRecordList(path: string): path is keyof typeof LISTS {
  return path in LISTS;
}

/** The first rows of a list, of one site and project or all. */
export function recordsPage(records: CannedRecords, { pathname, searchParams }: URL): unknown {
  const rows = isRecordList(pathname) ? (records[LISTS[pathname]] ?? []) : [];
  const site = searchParams.get('site');
  const project = searchParams.get('project');
  const found = rows.filter(
    (row) =>
      (site === null || row.site === site) &&
      (project === null || ('project_id' in row && row.project_id === project)),
  );
  const limit = Number(searchParams.get('limit'));
  return { data: found.slice(0, limit), next: found.length > limit ? 'more' : null };
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Records beside usage: an outage of bielefeld, and at tübingen a gap that was filled, and a total that fell. */
export function cannedQuality(nowMs: number): CannedRecords & { coverage: CoverageRow[] } {
  const at = (agoMs: number) => new Date(nowMs - agoMs).toISOString();
  const hour = (agoHours: number) => at((nowMs % HOUR_MS) + agoHours * HOUR_MS);
  const project = { cloud: '', project_id: '10e17a3c5e907a3c5e907a3c5e907a3c', project_name: 'mouse atlas' };
  return {
    coverage: days(nowMs),
    sweeps: [
      {
        site: 'bielefeld',
        outcome: 'failed',
        from: at(7 * HOUR_MS),
        to: at(9_000),
        sweeps: 840,
        error: 'the gate refuses the token (401): renew it on both sides',
      },
      {
        site: 'bielefeld',
        outcome: 'ok',
        from: at(30 * DAY_MS),
        to: at(7 * HOUR_MS + 30_000),
        sweeps: 85_560,
        error: null,
      },
      {
        site: 'tübingen',
        outcome: 'refused',
        from: at(2 * HOUR_MS),
        to: at(4_000),
        sweeps: 240,
        error: 'series were refused: no time (3, such as project_vcpu_usage{} 1)',
      },
      { site: 'freiburg', outcome: 'ok', from: at(9 * DAY_MS), to: at(4_000), sweeps: 25_920, error: null },
    ],
    refusals: [
      {
        site: 'tübingen',
        reason: 'no time',
        first_at: at(2 * HOUR_MS),
        last_at: at(4_000),
        series: 720,
        last_series: 3,
        example: 'project_vcpu_usage{project_id="<b>10e1"} 1',
      },
    ],
    corrections: Array.from({ length: 22 }, (_, index) => ({
      site: 'tübingen',
      ...project,
      resource: 'vcpu',
      start: hour(30 + index),
      before: 8,
      after: index === 0 ? 0 : 8.5,
      spread_before: 8,
      spread_after: 0,
      unit: 'vCPU-hours',
      reason: 'readings of a gap arrived',
      at: at(26 * HOUR_MS),
    })),
    anomalies: [
      {
        site: 'tübingen',
        ...project,
        resource: 'mb',
        start: hour(50),
        kind: 'total-fell',
        reason: 'the total fell; it counts on from the lower value',
        count: 2,
        correction: -2048,
        unit: 'MiB-hours',
        last_at: at(50 * HOUR_MS),
      },
    ],
  };
}

/** 200 days: the tenth last one is spread, and the third last one has missing readings. */
function days(nowMs: number): CoverageRow[] {
  const today = Math.floor(nowMs / DAY_MS) * DAY_MS;
  return Array.from({ length: 200 }, (_, ago) => ({
    start: new Date(today - ago * DAY_MS).toISOString(),
    coverage: ago === 9 ? ('spread' as const) : ago === 2 ? ('missing' as const) : ('measured' as const),
    measured_seconds: ago === 9 ? 72_000 : ago === 2 ? 79_200 : 86_400,
    spread_seconds: ago === 9 ? 14_400 : 0,
    reached: true,
  })).toReversed();
}
