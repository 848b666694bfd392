import { sql, type Queryable } from '../../../database/sql.ts';
import type { UsageQuery } from '../../ledger.ts';
import { firstStep, nextSteps, PageParts } from '../../page-parts.ts';
import type { LedgerCounts, QuestionCost } from '../../question-cost.ts';
import { stepEnd, type HourRange } from '../../steps.ts';
import { projectAfter, type ProjectPlace, type ProjectRange } from './project-query.ts';
import { setPlanning } from './sums/meter-sums.ts';
import { cursorKeys, firstHour, loadRecords, usageSums, type UsageRecord } from './usage-query.ts';
import type { View } from './view/view.ts';

/** Upper bounds for the answer to a question. */
export interface Extent {
  cost: QuestionCost;
  counts: LedgerCounts;
}

/**
 * The sums of a page and of one more row. Sums little more than that: from the cursor on, it takes some steps at a time, or
 * some projects of a step. Sets the planner's options for the transaction.
 */
export async function sumPage(
  trx: Queryable,
  view: View<UsageQuery>,
  range: HourRange,
  { cost, counts }: Extent,
): Promise<UsageRecord[]> {
  const { query } = view;
  await setPlanning(trx, query);
  const records: UsageRecord[] = [];
  const isFull = () => records.length > query.limit;
  const add = async (part: HourRange, projects?: ProjectRange): Promise<number> => {
    const sums = usageSums(view, range, { hours: part, known: counts.hours }, projects);
    // Of the project at the cursor, no record may be left.
    const limit = query.limit + 2 - records.length;
    const added = await loadRecords(trx, query, sql`${sums} LIMIT ${limit}`, limit);
    for (const record of added) records.push(record);
    return added.length;
  };
  const addProjects = async (step: HourRange, from: ProjectPlace | undefined, parts: PageParts) => {
    do {
      const count = parts.next(records.length);
      const until = await projectAfter(trx, view, from, count);
      parts.had(count, await add(step, { from, until }));
      from = until;
    } while (from !== undefined && !isFull());
  };

  let fromHour = firstHour(query, {
    ...range,
    fromHour: firstStep(query.step, range, counts.hours, query.zone),
  });
  if (cost.rows <= query.limit) await add({ ...range, fromHour });
  else if (cost.rowsOfStep > query.limit && isByProject(query)) {
    const parts = new PageParts(query.limit, cost.rowsOfStep / counts.projects);
    let from = placeOf(query);
    while (fromHour < range.toHour && !isFull()) {
      const step = { fromHour, toHour: stepEnd(query.step, fromHour, range, query.zone) };
      await addProjects(step, from, parts);
      from = undefined;
      fromHour = step.toHour;
    }
  } else {
    const parts = new PageParts(query.limit, cost.rowsOfStep);
    while (fromHour < range.toHour && !isFull()) {
      const count = parts.next(records.length);
      const steps = nextSteps(query.step, { ...range, fromHour }, count, counts.hours, query.zone);
      parts.had(count, await add(steps));
      fromHour = steps.toHour;
    }
  }
  return records;
}

/** Whether the rows of a step are in the order of their projects. */
function isByProject({ by, grant, projectId }: UsageQuery): boolean {
  return by.has('project') && !by.has('grant') && grant === undefined && projectId === undefined;
}

/** The project at which the page begins: the cursor may be between two rows of it. */
function placeOf({ cursor }: UsageQuery): ProjectPlace | undefined {
  if (cursor === undefined) return undefined;
  const [, , site, cloud, projectId] = cursorKeys(cursor);
  return [site, cloud, projectId];
}
