import { eachInSteps } from '../../../../prometheus/steps.ts';
import { MS_PER_HOUR } from '../../../../prometheus/usage-metrics.ts';
import { inTurns } from '../../../../runtime/in-turns.ts';
import { sql, type Queryable, type Sql } from '../../../database/sql.ts';
import { coverageOf } from '../../accounting/sites/coverage.ts';
import type { ProjectUsage, UsageQuery } from '../../ledger.ts';
import { hourRange, type HourRange } from '../../steps.ts';
import { loadCoveredClouds } from './covered-clouds.ts';
import { refuseHoursGone } from './hours-gone.ts';
import { namedProjects, type NamedProject } from './project-query.ts';
import { meterSums, setPlanning } from './sums/meter-sums.ts';
import { listColumns, projectLists, sumsIn, type ProjectLists } from './sums/project-lists.ts';
import { seesProject, viewOf, type View } from './view/view.ts';

type ProjectUsageRecord = NamedProject & (ProjectLists | Record<keyof ProjectLists, null>);

/** All projects that a question by project sees, each with its usage. `known` are the hours that have readings. */
export async function queryProjectUsages(
  trx: Queryable,
  asked: UsageQuery,
  known: HourRange | undefined,
  nowMs: number,
): Promise<ProjectUsage[]> {
  const view = await viewOf(trx, asked);
  const range = hourRange(asked);
  await refuseHoursGone(trx, view, range);
  await setPlanning(trx, view.query);
  const { rows } = await trx.query<ProjectUsageRecord>(projectUsages(view, known));
  const cloudsOf = await loadCoveredClouds(trx, view, range);
  const [fromMs, toMs] = [range.fromHour * MS_PER_HOUR, range.toHour * MS_PER_HOUR];
  const interval = { fromMs, toMs, spread: false };
  const projects: ProjectUsage[] = [];
  const add = (row: ProjectUsageRecord) => {
    const { site, cloud, key } = row;
    const coverage = coverageOf(interval, cloudsOf({ site, cloud, project_id: key }), nowMs);
    const sums = row.resources === null ? [] : sumsIn(row);
    projects.push({
      site,
      cloud,
      projectId: key,
      projectName: row.project_name,
      domainId: row.domain_id,
      domainName: row.domain_name,
      usages: sums.map(({ resource, amount, spread }) => ({
        resource,
        amountMs: BigInt(amount),
        coverage: coverage === 'measured' && Number(spread) > 0 ? 'spread' : coverage,
      })),
    });
  };
  await inTurns(eachInSteps(rows, add));
  return projects;
}

function projectUsages(view: View<UsageQuery>, known: HourRange | undefined): Sql {
  const { query } = view;
  const range = hourRange(query);
  const { columns, tables: projects } = namedProjects(view);
  return sql`
    WITH ${projectLists(view, meterSums(view, range, { hours: range, known }))}
    SELECT s.name AS site, c.name AS cloud, p.key, ${columns}, ${listColumns(query)}
    FROM ${projects}
    LEFT JOIN lists ON lists.site_id = p.site_id AND lists.project_id = p.project_id
    WHERE ${seesProject(view)}`;
}
