import type { Scope } from '../access/rights/scope.ts';
import { MS_PER_HOUR } from '../../prometheus/usage-metrics.ts';
import { describeError } from '../../runtime/user-error.ts';
import type { Ledger, ScopedQuestion, StepUsage, UsageQuery } from '../ledger/ledger.ts';
import { HoursGoneError } from '../ledger/question-errors.ts';
import { balancesOf, type Balance } from './grants/balance.ts';
import { cloudKey, knownDays, lastDays, type CloudHour, type CloudUsage } from './grants/burn-rate.ts';
import type { PresentGrant } from './grants/grant.ts';

/** Whole answers: the limits of questions bound their rows. */
const EVERY_ROW = 2 ** 31;
const MS_PER_DAY = 86_400_000;

/** The balances of grants, by the name of the grant. */
export interface GrantBalances {
  balances: ReadonlyMap<string, Balance[]>;
  /** Why the usage of a grant is not known, in words. */
  unknown: ReadonlyMap<string, string>;
}

/**
 * The balances of grants. All grants together ask the ledger three questions: about their usage, about their last days, and
 * about how well these are known. Grants without allowances ask none. A grant whose usage the ledger has lost does not keep
 * back the others.
 */
export async function grantBalances(
  ledger: Pick<Ledger, 'usage' | 'coverage'>,
  { scope, grants: all }: { scope: Scope; grants: readonly PresentGrant[] },
  nowMs: number,
  gone?: AbortSignal,
): Promise<GrantBalances> {
  const unknown = new Map<string, string>();
  for (;;) {
    const grants = all.filter(({ name, allowances }) => allowances.length > 0 && !unknown.has(name));
    try {
      return { balances: await balancesOfAll(ledger, { scope, grants }, nowMs, gone), unknown };
    } catch (error) {
      const grant = error instanceof HoursGoneError ? error.grant : undefined;
      if (grant === undefined || unknown.has(grant)) throw error;
      unknown.set(grant, describeError(error));
    }
  }
}

async function balancesOfAll(
  ledger: Pick<Ledger, 'usage' | 'coverage'>,
  asked: { scope: Scope; grants: readonly PresentGrant[] },
  nowMs: number,
  gone: AbortSignal | undefined,
): Promise<Map<string, Balance[]>> {
  const { grants } = asked;
  if (grants.length === 0) return new Map();
  const days = lastDays(nowMs);
  const period = { fromMs: firstDay(grants), toMs: endOfHour(nowMs) };
  const [used, recent, hours] = await Promise.all([
    period.fromMs < period.toMs ? usageOf(ledger, { ...asked, ...period, by: BY_GRANT }, gone) : [],
    usageOf(ledger, { ...asked, ...days, by: BY_CLOUD }, gone),
    hoursByCloud(ledger, { ...asked, ...days }, gone),
  ]);
  const [usedOf, recentOf] = [byGrant(used), byGrant(recent)];
  return new Map(
    grants.map((grant) => {
      const usage = {
        used: new Map(usedOf.get(grant.name)?.map(({ resource = '', amountMs }) => [resource, amountMs])),
        recent: (recentOf.get(grant.name) ?? []).map(cloudUsage),
        known: knownDays(grant, hours, nowMs),
      };
      return [grant.name, balancesOf(grant, usage, nowMs)];
    }),
  );
}

const BY_GRANT: UsageQuery['by'] = new Set(['grant', 'resource']);
const BY_CLOUD: UsageQuery['by'] = new Set(['grant', 'site', 'cloud', 'resource']);

async function usageOf(
  ledger: Pick<Ledger, 'usage'>,
  asked: Pick<UsageQuery, 'scope' | 'fromMs' | 'toMs' | 'by'> & { grants: readonly PresentGrant[] },
  gone: AbortSignal | undefined,
): Promise<StepUsage[]> {
  const [only] = asked.grants;
  const one = asked.grants.length === 1 ? { grant: only?.name } : {};
  const { data } = await ledger.usage({ ...asked, ...one, step: 'total', limit: EVERY_ROW }, gone);
  return data;
}

function byGrant(rows: readonly StepUsage[]): Map<string, StepUsage[]> {
  const found = new Map<string, StepUsage[]>();
  for (const row of rows) {
    if (row.grant === null || row.grant === undefined) continue;
    const before = found.get(row.grant);
    if (before === undefined) found.set(row.grant, [row]);
    else before.push(row);
  }
  return found;
}

function cloudUsage({ site = '', cloud = '', resource = '', amountMs }: StepUsage): CloudUsage {
  return { site, cloud, resource, amountMs };
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
