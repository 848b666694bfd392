import type { Api, GrantRow } from '../../api.ts';
import { byUrgency } from '../../balances.ts';
import { boundsOf, spanOf, usualStep, type Period } from '../../period.ts';
import { withoutServerHours } from '../../resources.ts';
import {
  projectUsages,
  resourceTotals,
  type Amount,
  type ResourceTotal,
} from '../../tables/project-usage.ts';

export interface GrantLine {
  grant: GrantRow;
  amounts: ReadonlyMap<string, Amount>;
}

export interface GrantUsage {
  lines: GrantLine[];
  resources: ResourceTotal[];
}

/** The grants, the most urgent one first, with their usage in a period. Usage that no grant covers is left out. */
export async function loadGrantUsage(api: Api, period: Period, signal: AbortSignal): Promise<GrantUsage> {
  const grants = await api.grants(signal);
  if (grants.length === 0) return { lines: [], resources: [] };
  const span = spanOf(period, usualStep(period, api.nowMs()), api.nowMs());
  const rows = await api.usage({ ...boundsOf(span), step: 'total', by: ['grant', 'resource'] }, signal);
  const linked = withoutServerHours(rows).filter(({ grant }) => grant !== null && grant !== undefined);
  const amounts = new Map(
    projectUsages(linked.map((row) => ({ ...row, project_id: row.grant ?? '' }))).map((usage) => [
      usage.projectId,
      usage.amounts,
    ]),
  );
  return {
    lines: byUrgency(grants).map((grant) => ({
      grant,
      amounts: amounts.get(grant.name) ?? new Map<string, Amount>(),
    })),
    resources: resourceTotals(linked),
  };
}
