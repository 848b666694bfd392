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
    'Start, included: an ISO date or date-time, in UTC if it has no zone, rounded down to the hour. Default: the start of the month',
  ),
  to: hourParameter('End, not included, in the form of `from`. Default: the end of the present hour'),
  step: stepParameter('total', 'The step of a row. Days and months are in UTC'),
  by: dimensionsParameter(
    DIMENSIONS,
    'site,project,resource',
    'What gets rows of its own: some of grant, site, cloud, project and resource, with commas between them. Usage is added up over the others',
  ),
  site: textParameter('Only this site'),
  project: textParameter('Only projects with this id'),
  grant: textParameter('Only projects of this grant'),
  resource: textParameter('Only this resource, such as `vcpu`'),
  limit: limitParameter,
  cursor: cursorParameter,
  format: z
    .enum(['json', 'csv'], { error: 'must be json or csv' })
    .default('json')
    .meta({ description: '`csv` has all rows, without pages: `limit` and `cursor` are ignored' }),
  bom: z
    .enum(['true', 'false'], { error: 'must be true or false' })
    .default('false')
    .meta({ description: '`true` starts the CSV with a byte order mark, so that Excel reads it as UTF-8' }),
});

type UsageParameters = z.output<typeof usageParameters>;

export type UsageStep = UsageParameters['step'];

/**
 * Returns the query for the ledger. Both ends are rounded down to whole hours, so that adjacent periods neither overlap nor
 * miss an hour. Throws `RequestError`.
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

/** Throws `RequestError` for a grant that does not exist. */
export function requireGrant(grant: string | undefined, grants: readonly Grant[]): void {
  if (grant !== undefined && grants.every(({ name }) => name !== grant))
    throw new RequestError(`grant: there is no grant '${grant}'; /api/v1/grants lists them`);
}
