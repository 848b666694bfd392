import type { Answers } from '../../../ledger/answers.ts';
import type { ProjectUsageQuery } from '../../../ledger/ledger.ts';
import { projectTable, type ProjectTable } from './project-table.ts';

/** All that the answer depends on beside the ledger. The scope is a part of it (P2). */
export function keyOf({ scope, grants, fromMs, toMs, site }: ProjectUsageQuery): string {
  const links = grants?.map(({ name, projects }) => [name, projects]);
  return JSON.stringify([scope, links, fromMs, toMs, site]);
}

export async function askTable(
  answers: Pick<Answers, 'projectUsages'>,
  query: ProjectUsageQuery,
  gone: AbortSignal,
): Promise<ProjectTable> {
  return await projectTable(await answers.projectUsages(query, gone), gone);
}
