import type { Api, ProjectRow } from '../../api.ts';
import { coveragesAt } from '../../charts/stack.ts';
import { coverageByStart } from '../../coverage.ts';
import { boundsOf, spanOf, type BucketStep, type Period } from '../../period.ts';
import { SERVER_HOURS, withoutServerHours } from '../../resources.ts';
import { firstRows, type CorrectionRow, type RecordTime, type Rows } from './records.ts';
import { loadEarlier, resourceUsages, type ComparedResources } from './resources-over-time.ts';
import { serverHours, type ServerHours } from './server-data.ts';

export interface ProjectPageData extends ComparedResources {
  /** The project's names and times: one row for each cloud of the site that has the project. */
  identity: ProjectRow[];
  corrections: ProjectCorrections;
  /** Undefined if the site sends no server hours of the project. */
  servers: ServerHours | undefined;
}

/** What later readings changed in the charts. */
export interface ProjectCorrections extends Rows<CorrectionRow> {
  time: RecordTime;
}

const MOST_CORRECTIONS = '1000';

export async function loadProject(
  api: Api,
  { site, projectId }: { site: string; projectId: string },
  period: Period,
  step: BucketStep,
  signal: AbortSignal,
): Promise<ProjectPageData> {
  const found = await api.projects({ site, search: projectId, history: 'true' }, signal);
  const span = spanOf(period, step, api.nowMs());
  const question = { ...boundsOf(span), step, site, projectId };
  const [all, known, earlier] = await Promise.all([
    api.usage({ ...question, by: ['resource'] }, signal),
    api.coverage(question, signal),
    loadEarlier(api, span, { site, projectId }, signal),
  ]);
  const rows = withoutServerHours(all);
  const { starts } = span;
  const withoutRow = coverageByStart(known);
  const hasServerHours = all.some(({ resource }) => resource === SERVER_HOURS);
  const resources = resourceUsages(starts, rows, withoutRow);
  const time = { ...question, resources: resources.map(({ resource }) => resource) };
  const [ofServers, corrections] = await Promise.all([
    hasServerHours ? api.usage({ ...question, by: ['flavor', 'state'] }, signal) : [],
    loadCorrections(api, time, signal),
  ]);
  return {
    span,
    identity: found.filter((row) => row.site === site && row.project_id === projectId),
    resources,
    coverages: coveragesAt(starts, rows, withoutRow),
    earlier,
    corrections,
    servers: serverHours(starts, ofServers, withoutRow),
  };
}

async function loadCorrections(
  api: Api,
  time: RecordTime & { resources: readonly string[] },
  signal: AbortSignal,
): Promise<ProjectCorrections> {
  if (time.resources.length === 0) return { time, rows: [], isCut: false };
  return { time, ...(await firstRows(api, 'corrections', time, signal, MOST_CORRECTIONS)) };
}
