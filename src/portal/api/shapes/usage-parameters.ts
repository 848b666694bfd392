import { z } from 'zod';
import { flavorOfLabel, LONGEST_FLAVOR_LABEL } from '../../../prometheus/flavor-facts.ts';
import { SERVER_HOURS } from '../../../prometheus/usage-metrics.ts';
import { OWNER_KEYS } from '../../accounts/grant-owners.ts';
import {
  MAX_USAGE_PAGE,
  type Grant,
  type ScopedQuestion,
  type UsageDimension as LedgerDimension,
  type UsageQuery,
} from '../../ledger/ledger.ts';
import { listOf, type Names } from '../../ledger/names.ts';
import {
  cursorParameter,
  dimensionsParameter,
  examplesOf,
  hourParameter,
  limitUpTo,
  namesParameter,
  parameterTable,
  periodOf,
  stepParameter,
  zoneParameter,
} from './parameters.ts';
import { RequestError } from './request-error.ts';

/** What may get rows of its own, in the order of the columns. */
export const DIMENSIONS = [
  ...OWNER_KEYS,
  'site',
  'cloud',
  'domain',
  'project',
  'resource',
  'flavor',
  'state',
] as const;

export type UsageDimension = (typeof DIMENSIONS)[number];

export const usageParameters = parameterTable({
  from: hourParameter(
    'Start, included: an ISO date or date-time, of the time zone `tz` if it has no zone, rounded down to the hour. Default: the start of the month',
  ),
  to: hourParameter('End, not included, in the form of `from`. Default: the end of the present hour'),
  step: stepParameter('total', 'The step of a row. Days and longer steps begin at midnight in `tz`'),
  tz: zoneParameter,
  by: dimensionsParameter(
    DIMENSIONS,
    'site,project,resource',
    'What gets rows of its own: some of institution, account, grant, site, cloud, domain, project, resource, flavor and state, with commas between them. Usage is added up over the others. With flavor or state, the resource is `server`',
  ).meta(examplesOf('grant,resource', 'institution,resource', 'project,flavor,state')),
  site: namesParameter('Only this site').meta(examplesOf('site-a')),
  project: namesParameter('Only projects with this id').meta(examplesOf('0f6c4a1e')),
  grant: namesParameter('Only projects of this grant').meta(examplesOf('climate')),
  resource: namesParameter('Only this resource').meta(examplesOf('vcpu')),
  flavor: namesParameter(
    'Only servers with this flavor: the label of a row',
    LONGEST_FLAVOR_LABEL,
    (label) => flavorOfLabel(label) !== undefined,
    'must be the label of a flavor, such as m1.small/1/2048/20/0/0/0',
  ).meta(examplesOf('m1.small/1/2048/20/0/0/0')),
  state: namesParameter('Only servers in this state').meta(examplesOf('active')),
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
  const period = periodOf(parameters, nowMs);
  if (!by.has('resource') && (resource === undefined || listOf(resource).length > 1))
    throw new RequestError(
      "by: amounts of several resources have no common unit; add 'resource' to by, or set resource",
    );
  requireGrants(grant, scoped.grants ?? []);
  return {
    ...scoped,
    ...period,
    step,
    by: ledgerDimensions(by),
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

/** The ledger knows grants, in groups, and no accounts. */
function ledgerDimensions(by: ReadonlySet<UsageDimension>): ReadonlySet<LedgerDimension> {
  return new Set([...by].map((key) => (key === 'institution' || key === 'account' ? 'grant' : key)));
}

/** The resource of a question: `server` for a question by or about flavors or states. Throws `RequestError`. */
function resourceOf({ by, flavor, state, resource }: UsageParameters): Names | undefined {
  const aboutServers = by.has('flavor') || by.has('state') || flavor !== undefined || state !== undefined;
  if (!aboutServers) return resource;
  if (resource !== undefined && resource !== SERVER_HOURS)
    throw new RequestError(
      "resource: only 'server' has flavors and states; leave resource out, or leave out flavor and state",
    );
  return SERVER_HOURS;
}

/** Throws `RequestError` for the first grant that does not exist. */
export function requireGrants(asked: Names | undefined, grants: readonly Grant[]): void {
  const unknown = listOf(asked ?? []).find((one) => grants.every(({ name }) => name !== one));
  if (unknown !== undefined)
    throw new RequestError(`grant: there is no grant '${unknown}'; /api/v1/grants lists them`);
}
