import { z } from 'zod';
import { flavorOfLabel, LONGEST_FLAVOR_LABEL } from '../../../prometheus/flavor-facts.ts';
import { SERVER_HOURS } from '../../../prometheus/usage-metrics.ts';
import {
  MAX_USAGE_PAGE,
  type Grant,
  type ScopedQuestion,
  type UsageDimension as LedgerDimension,
  type UsageQuery,
} from '../../ledger/ledger.ts';
import {
  cursorParameter,
  dimensionsParameter,
  hourParameter,
  limitUpTo,
  parameterTable,
  periodOf,
  stepParameter,
  textParameter,
} from './parameters.ts';
import { RequestError } from './request-error.ts';

/** What may get rows of its own, in the order of the columns. */
export const DIMENSIONS = [
  'grant',
  'site',
  'cloud',
  'project',
  'resource',
  'flavor',
  'state',
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
    'What gets rows of its own: some of grant, site, cloud, project, resource, flavor and state, with commas between them. Usage is added up over the others. With flavor or state, the resource is `server`',
  ),
  site: textParameter('Only this site'),
  project: textParameter('Only projects with this id'),
  grant: textParameter('Only projects of this grant'),
  resource: textParameter('Only this resource, such as `vcpu`'),
  flavor: textParameter(
    'Only servers with this flavor, such as `m1.small/1/2048/20/0/0/0`: the label of a row',
    LONGEST_FLAVOR_LABEL,
  ).refine((label) => label === undefined || flavorOfLabel(label) !== undefined, {
    error: 'must be the label of a flavor, such as m1.small/1/2048/20/0/0/0',
  }),
  state: textParameter('Only servers in this state, such as `active`'),
  limit: limitUpTo(MAX_USAGE_PAGE),
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
  scoped: Required<ScopedQuestion>,
): UsageQuery {
  const { step, by, site, project, grant, flavor, state, limit, cursor } = parameters;
  const resource = resourceOf(parameters);
  const { fromMs, toMs } = periodOf(parameters.from, parameters.to, nowMs);
  if (!by.has('resource') && resource === undefined)
    throw new RequestError(
      "by: amounts of several resources have no common unit; add 'resource' to by, or set resource",
    );
  requireGrant(grant, scoped.grants ?? []);
  return {
    ...scoped,
    fromMs,
    toMs,
    step,
    by,
    site,
    projectId: project,
    resource,
    flavor,
    state,
    grant,
    limit,
    cursor,
  };
}

/** The resource of a question: `server` for a question by or about flavors or states. Throws `RequestError`. */
function resourceOf({ by, flavor, state, resource }: UsageParameters): string | undefined {
  const aboutServers = by.has('flavor') || by.has('state') || flavor !== undefined || state !== undefined;
  if (!aboutServers) return resource;
  if (resource !== undefined && resource !== SERVER_HOURS)
    throw new RequestError(
      "resource: only 'server' has flavors and states; leave resource out, or leave out flavor and state",
    );
  return SERVER_HOURS;
}

/** Throws `RequestError` for a grant that does not exist. */
export function requireGrant(grant: string | undefined, grants: readonly Grant[]): void {
  if (grant !== undefined && grants.every(({ name }) => name !== grant))
    throw new RequestError(`grant: there is no grant '${grant}'; /api/v1/grants lists them`);
}
