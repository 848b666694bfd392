import { z } from 'zod';
import type { Grant, UsageDimension as LedgerDimension, UsageQuery } from '../../ledger/ledger.ts';
import {
  cursorParameter,
  dimensionsParameter,
  hourParameter,
  limitParameter,
  parameterTable,
  periodOf,
  stepParameter,
  textParameter,
} from './parameters.ts';
import { RequestError } from './request-error.ts';

const DIMENSIONS = [
  'grant',
  'site',
  'cloud',
  'project',
  'resource',
] as const satisfies readonly LedgerDimension[];

export type UsageDimension = (typeof DIMENSIONS)[number];

export const usageParameters = parameterTable({
  from: hourParameter(
    'Start, included: an ISO date or date-time, UTC where it names no zone, down to the whole hour. The start of the month where it is left out',
  ),
  to: hourParameter(
    'End, not included; in the form of `from`. The end of the present hour where it is left out',
  ),
  step: stepParameter('total', 'A row is the usage of a step; days and months are those of UTC'),
  by: dimensionsParameter(
    DIMENSIONS,
    'site,project,resource',
    'What is told apart: some of grant, site, cloud, project and resource, with commas between them. Usage is summed over the others',
  ),
  site: textParameter('Of this site alone'),
  project: textParameter('Of the projects with this id alone'),
  grant: textParameter('Of the projects of this grant alone'),
  resource: textParameter('Of this resource alone, such as `vcpu`'),
  limit: limitParameter,
  cursor: cursorParameter,
  format: z
    .enum(['json', 'csv'], { error: 'must be json or csv' })
    .default('json')
    .meta({ description: '`csv` is all of it, without pages: `limit` and `cursor` say nothing there' }),
  bom: z
    .enum(['true', 'false'], { error: 'must be true or false' })
    .default('false')
    .meta({ description: '`true` begins the CSV with a byte order mark, by which Excel reads it as UTF-8' }),
});

type UsageParameters = z.output<typeof usageParameters>;

export type UsageStep = UsageParameters['step'];

/**
 * What the ledger is asked. Both ends are cut down to whole hours, so that periods that meet neither overlap nor leave
 * an hour out. Throws `RequestError`.
 */
export function usageQuery(
  parameters: UsageParameters,
  nowMs: number,
  grants: readonly Grant[] = [],
): UsageQuery {
  const { step, by, site, project, grant, resource, limit, cursor } = parameters;
  const { fromMs, toMs } = periodOf(parameters.from, parameters.to, nowMs);
  if (!by.has('resource') && resource === undefined)
    throw new RequestError(
      "by: amounts of several resources have no common unit; add 'resource' to by, or set resource",
    );
  requireGrant(grant, grants);
  const links = by.has('grant') || grant !== undefined ? { grant, grants } : {};
  return { fromMs, toMs, step, by, site, projectId: project, resource, ...links, limit, cursor };
}

/** Throws `RequestError` where a grant is asked for that there is not. */
export function requireGrant(grant: string | undefined, grants: readonly Grant[]): void {
  if (grant !== undefined && grants.every(({ name }) => name !== grant))
    throw new RequestError(`grant: there is no grant '${grant}'; /api/v1/grants lists them`);
}
