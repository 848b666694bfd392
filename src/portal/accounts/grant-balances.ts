import type { Scope } from '../access/rights/scope.ts';
import { MS_PER_HOUR } from '../../prometheus/usage-metrics.ts';
import { describeError } from '../../runtime/user-error.ts';
import type { Ledger, ScopedQuestion } from '../ledger/ledger.ts';
import { HoursGoneError } from '../ledger/question-errors.ts';
import { pricesFor } from './asked-prices.ts';
import { billFor } from './charged-usage.ts';
import { billingByBook } from './charges/billing.ts';
import type { Mark } from './charges/marks.ts';
import { CHARGE, type PriceBook } from './charges/price-book.ts';
import { denominatorsOf } from './charges/units.ts';
import { balancesOf, subjectOf, type Balance } from './grants/balance.ts';
import { cloudKey, knownDays, lastDays, type CloudHour, type CloudUsage } from './grants/burn-rate.ts';
import type { Allowance, PresentGrant } from './grants/grant.ts';

/** Whole answers: the limits of questions bound their rows. */
const EVERY_ROW = 2 ** 31;
const MS_PER_DAY = 86_400_000;

/** The balances of grants, by the name of the grant. */
export interface GrantBalances {
  balances: ReadonlyMap<string, Balance[]>;
  /** Why the usage of a grant is not known, in words. */
  unknown: ReadonlyMap<string, string>;
}

/** Grants, and what charges them. */
interface AskedGrants {
  scope: Scope;
  grants: readonly PresentGrant[];
  /** The price books of their allowances. */
  books?: readonly PriceBook[] | undefined;
  marks?: readonly Mark[] | undefined;
}

/**
 * The balances of grants. All grants together ask the ledger three questions: about their usage, about their last days, and
 * about how well these are known; and two for each price book of their allowances. Grants without allowances ask none. A
 * grant whose usage the ledger has lost does not keep back the others.
 */
export async function grantBalances(
  ledger: Pick<Ledger, 'usage' | 'coverage'>,
  { grants: all, ...asked }: AskedGrants,
  nowMs: number,
  gone?: AbortSignal,
): Promise<GrantBalances> {
  const unknown = new Map<string, string>();
  for (;;) {
    const grants = all.filter(({ name, allowances }) => allowances.length > 0 && !unknown.has(name));
    try {
      return { balances: await balancesOfAll(ledger, { ...asked, grants }, nowMs, gone), unknown };
    } catch (error) {
      const lost = lostBy(error, grants).filter((name) => !unknown.has(name));
      if (lost.length === 0) throw error;
      for (const name of lost) unknown.set(name, describeError(error));
    }
  }
}

/** The grants whose usage the ledger has lost: the one that it names, or all with charges by prices that begin within a day. */
function lostBy(error: unknown, grants: readonly PresentGrant[]): string[] {
  if (!(error instanceof HoursGoneError)) return [];
  if (error.grant !== undefined) return [error.grant];
  return grants.filter((grant) => grant.allowances.some(isCharge)).map(({ name }) => name);
}

const isCharge = ({ priceBook }: Allowance) => priceBook !== undefined;

async function balancesOfAll(
  ledger: Pick<Ledger, 'usage' | 'coverage'>,
  asked: AskedGrants,
  nowMs: number,
  gone: AbortSignal | undefined,
): Promise<Map<string, Balance[]>> {
  const { grants } = asked;
  if (grants.length === 0) return new Map();
  const days = lastDays(nowMs);
  const period = { fromMs: firstDay(grants), toMs: endOfHour(nowMs) };
  const ofResources = { ...asked, grants: grants.filter((grant) => !grant.allowances.every(isCharge)) };
  const [used, recent, usedCharges, recentCharges, hours] = await Promise.all([
    usageOf(ledger, { ...ofResources, ...period, by: BY_GRANT }, gone),
    usageOf(ledger, { ...ofResources, ...days, by: BY_CLOUD }, gone),
    chargesOf(ledger, asked, { ...period, by: BY_GRANT }, gone),
    chargesOf(ledger, asked, { ...days, by: BY_CLOUD }, gone),
    hoursByCloud(ledger, { scope: asked.scope, grants, ...days }, gone),
  ]);
  const [usedOf, recentOf] = [grouped([...used, ...usedCharges]), grouped([...recent, ...recentCharges])];
  return new Map(
    grants.map((grant) => {
      const usage = {
        used: new Map(usedOf.get(grant.name)?.map(({ subject, amountMs }) => [subject, amountMs])),
        recent: recentOf.get(grant.name) ?? [],
        known: knownDays(grant, hours, nowMs),
      };
      return [grant.name, balancesOf(grant, usage, nowMs)];
    }),
  );
}

const BY_GRANT = ['grant'] as const;
const BY_CLOUD = ['grant', 'site', 'cloud'] as const;

interface AskedPeriod {
  fromMs: number;
  toMs: number;
  by: typeof BY_GRANT | typeof BY_CLOUD;
}

/** The usage of a subject by a grant, at one cloud or everywhere. */
interface SubjectUsage extends CloudUsage {
  grant: string;
}

async function usageOf(
  ledger: Pick<Ledger, 'usage'>,
  { scope, grants, fromMs, toMs, by }: AskedGrants & AskedPeriod,
  gone: AbortSignal | undefined,
): Promise<SubjectUsage[]> {
  if (grants.length === 0 || fromMs >= toMs) return [];
  const [only] = grants;
  const one = grants.length === 1 ? { grant: only?.name } : {};
  const { data } = await ledger.usage(
    {
      scope,
      grants,
      fromMs,
      toMs,
      ...one,
      by: new Set([...by, 'resource']),
      step: 'total',
      limit: EVERY_ROW,
    },
    gone,
  );
  return data.flatMap(({ grant, site = '', cloud = '', resource = '', amountMs }) =>
    grant === null || grant === undefined ? [] : [{ grant, site, cloud, subject: resource, amountMs }],
  );
}

/** The charges of grants by the books of their allowances. */
async function chargesOf(
  ledger: Pick<Ledger, 'usage'>,
  { scope, grants, books = [], marks: all = [] }: AskedGrants,
  { by, ...period }: AskedPeriod,
  gone: AbortSignal | undefined,
): Promise<SubjectUsage[]> {
  if (period.fromMs >= period.toMs) return [];
  const found: SubjectUsage[] = [];
  for (const book of books) {
    const charged = grants.filter(({ allowances }) =>
      allowances.some(({ priceBook }) => priceBook === book.name),
    );
    if (charged.length === 0) continue;
    const names = charged.map(({ name }) => name);
    const question = {
      scope,
      grants: charged,
      ...period,
      grant: names,
      step: 'total',
      by: new Set(by),
      limit: EVERY_ROW,
    } as const;
    const { marks } = pricesFor(question, charged, { billing: [], marks: all });
    const { rows } = await billFor(ledger, question, billingByBook(book, charged, marks), gone);
    const subject = subjectOf({ resource: CHARGE, priceBook: book.name });
    for (const { grant, site = '', cloud = '', charge } of rows)
      found.push({ grant: grant ?? '', site, cloud, subject, amountMs: asAmountMs(charge, book) });
  }
  return found;
}

/** Charges as amount × milliseconds, so that balances count them as they count usage. */
function asAmountMs(charge: bigint, book: PriceBook): bigint {
  return (charge * BigInt(MS_PER_HOUR)) / denominatorsOf(book).charge;
}

function grouped(rows: readonly SubjectUsage[]): Map<string, SubjectUsage[]> {
  const found = new Map<string, SubjectUsage[]>();
  for (const row of rows) {
    const before = found.get(row.grant);
    if (before === undefined) found.set(row.grant, [row]);
    else before.push(row);
  }
  return found;
}

async function hoursByCloud(
  ledger: Pick<Ledger, 'coverage'>,
  days: ScopedQuestion & { fromMs: number; toMs: number },
  gone: AbortSignal | undefined,
): Promise<Map<string, CloudHour[]>> {
  const { data } = await ledger.coverage({ ...days, step: 'hour', limit: EVERY_ROW }, gone);
  const hours = new Map<string, CloudHour[]>();
  for (const { site = '', cloud = '', startMs, measuredMs, spreadMs, coverage } of data) {
    const hour = { site, cloud, startMs, coveredMs: measuredMs + spreadMs, missing: coverage === 'missing' };
    const key = cloudKey(hour);
    const before = hours.get(key);
    if (before === undefined) hours.set(key, [hour]);
    else before.push(hour);
  }
  return hours;
}

/** The start of the day on which the first grant begins. The windows of projects leave out the hours before. */
function firstDay(grants: readonly PresentGrant[]): number {
  const fromMs = grants.reduce((first, grant) => Math.min(first, grant.fromMs ?? 0), Infinity);
  return Math.floor(fromMs / MS_PER_DAY) * MS_PER_DAY;
}

function endOfHour(atMs: number): number {
  return Math.floor(atMs / MS_PER_HOUR) * MS_PER_HOUR + MS_PER_HOUR;
}
