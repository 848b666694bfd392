import { flavorOfLabel } from '../../../prometheus/flavor-facts.ts';
import { remembered } from '../../../prometheus/remembered.ts';
import type { Owner } from '../../accounts/grant-owners.ts';
import { myTurn } from '../../../runtime/in-turns.ts';
import type {
  Page as LedgerPage,
  Project,
  SiteStatus,
  StepCoverage,
  StepUsage,
} from '../../ledger/ledger.ts';
import type { CoverageRow, FlavorRow, Page, ProjectRow, SiteRow, UsageRow } from './answers.ts';

/** Turns the ledger's types into the rows of answers, one function for each row. */
export function siteRowOf(site: SiteStatus): SiteRow {
  return {
    name: site.name,
    labels: site.labels,
    declared: site.declared,
    first_reading_at: isoOrNull(site.firstReadingMs),
    last_reading_at: isoOrNull(site.lastReadingMs),
    clouds: site.clouds.map(({ cloud, lastReadingMs }) => ({ cloud, last_reading_at: isoOf(lastReadingMs) })),
    last_sweep_at: isoOrNull(site.lastSweepMs),
    last_success_at: isoOrNull(site.lastSuccessMs),
    last_error: site.lastError ?? null,
    ordinary_pause_seconds: site.ordinaryPauseMs / 1000,
    ...(site.exporterVersions === undefined ? {} : { exporter_versions: [...site.exporterVersions] }),
    projects: site.projects,
    meters: site.meters,
    refused_series: site.refusedSeries ?? null,
    anomalies: site.anomalies ?? null,
  };
}

export function projectRowOf(project: Project): ProjectRow {
  return {
    site: project.site,
    cloud: project.cloud,
    project_id: project.projectId,
    project_name: project.projectName,
    domain_id: project.domainId,
    domain_name: project.domainName,
    first_reading_at: isoOf(project.firstReadingMs),
    last_reading_at: isoOf(project.lastReadingMs),
    names: project.names?.map(({ projectName, domainName, fromMs, toMs }) => ({
      project_name: projectName,
      domain_name: domainName,
      from: isoOf(fromMs),
      to: isoOrNull(toMs),
    })),
  };
}

export function coverageRowOf({ startMs, measuredMs, spreadMs, ...known }: StepCoverage): CoverageRow {
  return {
    ...known,
    start: isoOf(startMs),
    measured_seconds: measuredMs / 1000,
    spread_seconds: spreadMs / 1000,
  };
}

/** Names each key: copying the others from an object takes ten times as long, and an answer has tens of thousands of rows. */
export function usageRowOf(usage: StepUsage, owner: Owner): UsageRow {
  return {
    institution: owner.institution,
    account: owner.account,
    grant: owner.grant,
    site: usage.site,
    cloud: usage.cloud,
    domain_id: usage.domainId,
    domain_name: usage.domainName,
    project_id: usage.projectId,
    project_name: usage.projectName,
    resource: usage.resource,
    flavor: usage.flavor === undefined ? undefined : flavorRowOf(usage.flavor),
    state: usage.state,
    start: startOf(usage.startMs),
    amount: usage.amount,
    unit: usage.unit,
    coverage: usage.coverage,
  };
}

/** Rows one after the other mostly have the same start, and its text takes as long as the rest of a row. */
function startOf(ms: number): string {
  if (lastStart?.ms !== ms) lastStart = { ms, text: isoOf(ms) };
  return lastStart.text;
}

let lastStart: { ms: number; text: string } | undefined;

const MOST_LABEL_BYTES = 2 ** 20;

/** Rows of an answer share few flavors, and reading a label takes longer than the rest of a row. */
export const flavorRowOf = remembered((label: string): FlavorRow => {
  const facts = flavorOfLabel(label);
  return {
    label,
    name: facts?.name ?? null,
    vcpus: facts?.vcpu ?? null,
    memory_mb: facts?.mb ?? null,
    disk_gb: facts?.disk_gb ?? null,
    ephemeral_gb: facts?.ephemeral_gb ?? null,
    swap_mb: facts?.swap_mb ?? null,
    gpus: facts?.devices ?? null,
  };
}, MOST_LABEL_BYTES);

/** Turns a page of the ledger into a page of an answer. */
export function pageWith<T, Row>({ data, next }: LedgerPage<T>, rowOf: (value: T) => Row): Page<Row> {
  return { data: data.map(rowOf), next };
}

const ROWS_AT_ONCE = 1_000;

/** The JSON of a page that may have tens of thousands of rows. Other work has turns between them. */
export async function pageText<T>(
  { data, next }: LedgerPage<T>,
  rowOf: (value: T) => object,
): Promise<string> {
  return `{"data":[${await rowsText(data, rowOf)}],"next":${JSON.stringify(next)}}`;
}

/** The JSON of rows, with commas between them. Other work has turns meanwhile. Throws the reason of `gone`. */
export async function rowsText<T>(
  data: readonly T[],
  rowOf: (value: T) => object,
  rowsAtOnce = ROWS_AT_ONCE,
  gone?: AbortSignal,
): Promise<string> {
  let rows = '';
  for (let first = 0; first < data.length; first += rowsAtOnce) {
    if (first > 0) await myTurn(gone);
    const texts = data.slice(first, first + rowsAtOnce).map((value) => JSON.stringify(rowOf(value)));
    rows += `${first > 0 ? ',' : ''}${texts.join(',')}`;
  }
  return rows;
}

/** ISO 8601, UTC. */
export function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}

export function isoOrNull(ms: number | undefined): string | null {
  return ms === undefined ? null : isoOf(ms);
}
