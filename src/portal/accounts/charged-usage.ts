import { MS_PER_HOUR } from '../../prometheus/usage-metrics.ts';
import { inTurns } from '../../runtime/in-turns.ts';
import type { Ledger, StepUsage, UsageDimension, UsageQuery } from '../ledger/ledger.ts';
import { HoursGoneError, RefusedQuestionError } from '../ledger/question-errors.ts';
import { hourRange, stepStart } from '../ledger/steps.ts';
import { billSteps, type Bill, type ChargeDimension, type OwnedUsage } from './charges/bill.ts';
import { partsBetween, type Billing } from './charges/billing.ts';
import { OWNER_KEYS } from './grant-owners.ts';
import { marksIn } from './charges/marks.ts';

const MS_PER_DAY = 24 * MS_PER_HOUR;

/** A question about charges: whose, and when. */
export interface ChargeQuestion extends Omit<
  UsageQuery,
  'by' | 'resource' | 'flavor' | 'state' | 'limit' | 'cursor'
> {
  by: ReadonlySet<ChargeDimension>;
  /** The most rows of usage, which are in memory all at once. More are refused. */
  limit: number;
}

/** What usage costs. Throws `RefusedQuestionError` if that takes more rows of usage than the question allows. */
export async function billFor(
  ledger: Pick<Ledger, 'usage'>,
  question: ChargeQuestion,
  billing: Billing,
  gone?: AbortSignal,
): Promise<Bill> {
  const usage = await usageFor(ledger, question, [billing], gone);
  return await inTurns(billSteps(usage, question.by, billing), gone);
}

/** Two bills of the same usage. The ledger is asked once, so that both know the same readings. */
export async function billsFor(
  ledger: Pick<Ledger, 'usage'>,
  question: ChargeQuestion,
  billings: readonly [Billing, Billing],
  gone?: AbortSignal,
): Promise<[Bill, Bill]> {
  const usage = await usageFor(ledger, question, billings, gone);
  const [one, other] = billings;
  return [
    await inTurns(billSteps(usage, question.by, one), gone),
    await inTurns(billSteps(usage, question.by, other), gone),
  ];
}

/**
 * The usage that these billings charge. Asks the ledger once for each part of the time with the same prices, by the coarsest
 * step that answers the question: charges are linear in time (rule C3).
 */
async function usageFor(
  ledger: Pick<Ledger, 'usage'>,
  question: ChargeQuestion,
  billings: readonly Billing[],
  gone?: AbortSignal,
): Promise<OwnedUsage[]> {
  const usage: OwnedUsage[] = [];
  const borders = billings.flatMap((billing) => billing.borders);
  for (const part of partsBetween(question, borders)) {
    const by = new Set(billings.flatMap((billing) => [...dimensionsOf(question, billing, part)]));
    const { data, next } = await ledger
      .usage({ ...question, ...part, by }, gone)
      .catch((error: unknown) => refuseHours(error, question, part));
    if (next !== null || usage.length + data.length > question.limit) throw tooMany(question);
    for (const row of data) usage.push(ownedUsage(row, question));
  }
  return usage;
}

/** Says which change of prices needs hours that are gone, unless the question itself does. */
function refuseHours(
  error: unknown,
  { fromMs, toMs }: ChargeQuestion,
  part: { fromMs: number; toMs: number },
): never {
  const isChange = (atMs: number) => atMs % MS_PER_DAY !== 0 && atMs !== fromMs && atMs !== toMs;
  const changeMs = [part.fromMs, part.toMs].find(isChange);
  if (!(error instanceof HoursGoneError) || error.grant !== undefined || changeMs === undefined) throw error;
  const change = { what: 'a price book, its account or a mark changes prices', hour: changeMs / MS_PER_HOUR };
  throw new HoursGoneError(error.keptFromHour, change);
}

function tooMany({ limit }: ChargeQuestion): RefusedQuestionError {
  return new RefusedQuestionError(
    'costly',
    `the charges are of more than ${limit} rows of usage: ask for a longer step, fewer keys in by, a shorter time, or one site, project or grant`,
  );
}

/**
 * Site and resource decide on prices; so do cloud, flavor and state if a book has prices of server hours. Marks that count
 * in this part of the time add the keys that they name.
 */
function dimensionsOf(
  { by }: ChargeQuestion,
  { books, byGrant, marks }: Billing,
  part: { fromMs: number },
): Set<UsageDimension> {
  const counting = marksIn(marks, part);
  const named = (key: 'account' | 'cloud' | 'projectId') => counting.some((mark) => mark[key] !== undefined);
  const ofServers = books.some(({ version }) => version.some(({ server }) => server.length > 0));
  return new Set<UsageDimension>([
    'site',
    'resource',
    ...(ofServers ? (['flavor', 'state'] as const) : []),
    ...(byGrant || named('account') || OWNER_KEYS.some((key) => by.has(key)) ? (['grant'] as const) : []),
    ...(ofServers || by.has('cloud') || named('cloud') ? (['cloud'] as const) : []),
    ...(by.has('project') || named('projectId') ? (['project'] as const) : []),
  ]);
}

function ownedUsage(row: StepUsage, question: ChargeQuestion): OwnedUsage {
  const {
    site = '',
    resource = '',
    flavor,
    state,
    startMs,
    amountMs,
    grant,
    cloud,
    projectId,
    projectName,
  } = row;
  const { step, zone } = question;
  const start = stepStart(step, startMs / MS_PER_HOUR, hourRange(question), zone);
  return {
    site,
    resource,
    flavor: flavor === '' ? undefined : flavor,
    state: state === '' ? undefined : state,
    startMs,
    stepMs: start * MS_PER_HOUR,
    amountMs,
    grant,
    cloud,
    projectId,
    projectName,
  };
}
