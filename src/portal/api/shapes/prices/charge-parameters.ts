import { z } from 'zod';
import type { ChargeQuestion } from '../../../accounts/charged-usage.ts';
import { CHARGE_DIMENSIONS, type ChargeDimension } from '../../../accounts/charges/bill.ts';
import { isWhole, type VisibleGrant } from '../../../accounts/grants/visible.ts';
import type { Scope } from '../../../access/rights/scope.ts';
import { fits, listOf, type Names } from '../../../ledger/names.ts';
import {
  dimensionsParameter,
  hourParameter,
  namesParameter,
  nameText,
  parameterTable,
  periodOf,
  stepParameter,
  textParameter,
  zoneParameter,
} from '../parameters.ts';
import { RequestError } from '../request-error.ts';
import { requireGrants } from '../usage-parameters.ts';

/** The parameters of a question with rows by these dimensions. */
const shapeBy = <D extends ChargeDimension>(dimensions: readonly D[]) => ({
  from: hourParameter(
    'Start, included: an ISO date or date-time, of the time zone `tz` if it has no zone, rounded down to the hour. Default: the start of the month',
  ),
  to: hourParameter('End, not included, in the form of `from`. Default: the end of the present hour'),
  step: stepParameter('total', 'The step of a row. Days and longer steps begin at midnight in `tz`'),
  tz: zoneParameter,
  by: dimensionsParameter(
    dimensions,
    'account,grant',
    `What gets rows of its own: some of ${dimensions.join(', ')}, with commas between them`,
  ),
  account: namesParameter('Only grants of this account'),
  grant: namesParameter('Only projects of this grant'),
  site: namesParameter('Only this site'),
  project: namesParameter('Only projects with this id'),
});

const csvShape = {
  format: z
    .enum(['json', 'csv'], { error: 'must be json or csv' })
    .default('json')
    .meta({ description: 'How to answer' }),
  bom: z
    .enum(['true', 'false'], { error: 'must be true or false' })
    .default('false')
    .meta({ description: '`true` starts the CSV with a byte order mark, so that Excel reads it as UTF-8' }),
};

export const chargeParameters = parameterTable({
  ...shapeBy(CHARGE_DIMENSIONS),
  book: textParameter('Charge all usage by this price book. Default: that of the account of the grant', 100),
  ...csvShape,
});

/** The prices of two books are not the same, so they get no rows of their own. */
const SIDE_BY_SIDE = CHARGE_DIMENSIONS.filter((dimension) => dimension !== 'price');

const whatIfShape = { ...shapeBy(SIDE_BY_SIDE), ...csvShape };

/** Parameters beside a book in the body. */
export const whatIfParameters = parameterTable(whatIfShape);

/** Parameters that name a published book. */
export const publishedWhatIfParameters = parameterTable({
  ...whatIfShape,
  book: nameText(100).meta({ description: 'The price book to compare with' }),
  book_version: z
    .string({ error: 'may be given once' })
    .regex(/^[1-9]\d{0,2}$/, 'must be the place of a version in the book, such as 1 for its first one')
    .optional()
    .transform((text) => (text === undefined ? undefined : Number(text)))
    .meta({ description: 'Only this version of the book, for the whole time: 1 for its first one' }),
});

export type ChargeParameters = Omit<z.output<typeof chargeParameters>, 'book' | 'format' | 'bom'>;

/** A bill has all its rows in memory, and no pages. */
const MOST_ROWS = 100_000;

/** The question for the ledger. Throws `RequestError`. */
export function chargeQuestion(
  parameters: ChargeParameters,
  nowMs: number,
  { scope, grants }: { scope: Scope; grants: readonly VisibleGrant[] },
): ChargeQuestion {
  const { step, by, site, project } = parameters;
  return {
    scope,
    grants,
    ...periodOf(parameters, nowMs),
    step,
    by,
    site,
    projectId: project,
    grant: grantsOf(parameters, grants),
    limit: MOST_ROWS,
  };
}

/** The grants of the asked accounts, as far as the question names grants. */
function grantsOf({ account, grant }: ChargeParameters, grants: readonly VisibleGrant[]): Names | undefined {
  requireGrants(grant, grants);
  if (account === undefined) return grant;
  const names = grants.flatMap((one) =>
    isWhole(one) && one.account !== undefined && fits(account, one.account) && fits(grant, one.name)
      ? one.name
      : [],
  );
  if (names.length > 0) return names;
  throw new RequestError(`account: no grant of '${listOf(account).join("', '")}' is there`);
}
