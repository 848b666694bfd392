import type {
  AnomalyRow,
  CorrectionRow,
  RefusalRow,
  SweepRow,
} from '../../../../src/portal/api/shapes/quality/answers.ts';
import type { Api } from '../../api.ts';
import { isoInstant } from '../../format.ts';

export type { AnomalyRow, CorrectionRow, RefusalRow, SweepRow };

/** The lists of what the portal notes beside usage, and their rows. */
interface RecordRows {
  corrections: CorrectionRow;
  anomalies: AnomalyRow;
  refusals: RefusalRow;
  sweeps: SweepRow;
}

export type ListName = keyof RecordRows;

/** The time of a question to such a list, and the site, project and resources that it is about; all without them. */
export interface RecordTime {
  fromMs: number;
  toMs: number;
  site?: string | undefined;
  projectId?: string;
  resources?: readonly string[];
}

/** The first rows of a list, and whether there are more. */
export interface Rows<Row> {
  rows: Row[];
  isCut: boolean;
}

const SHOWN = '20';

export async function firstRows<List extends ListName>(
  api: Api,
  list: List,
  time: RecordTime,
  signal: AbortSignal,
  limit = SHOWN,
): Promise<Rows<RecordRows[List]>> {
  const { data, next } = await api.firstPage(addressOf(list, time, ['limit', limit]), signal);
  return { rows: data as RecordRows[List][], isCut: next !== null };
}

/** The address of all rows of a list as CSV. */
export function csvAddress(list: ListName, time: RecordTime): string {
  return addressOf(list, time, ['format', 'csv']);
}

function addressOf(list: ListName, time: RecordTime, more: [string, string]): string {
  const { fromMs, toMs, site, projectId, resources = [] } = time;
  const parameters = new URLSearchParams({ from: isoInstant(fromMs), to: isoInstant(toMs) });
  if (site !== undefined) parameters.set('site', site);
  if (projectId !== undefined) parameters.set('project', projectId);
  for (const resource of resources) parameters.append('resource', resource);
  parameters.set(...more);
  return `api/v1/${list}?${parameters}`;
}
