import { z } from 'zod';
import { unitOfResource } from '../../../prometheus/usage-metrics.ts';
import type { GrantBalances } from '../../accounts/grant-balances.ts';
import { NO_RUN_OUT, type Balance } from '../../accounts/grants/balance.ts';
import type { Allowance, PresentGrant } from '../../accounts/grants/grant.ts';
import { isWhole, type VisibleGrant } from '../../accounts/grants/visible.ts';
import { isoOf, isoOrNull } from './rows.ts';

const instant = z.string().meta({ format: 'date-time', examples: ['2026-01-01T00:00:00.000Z'] });
const amount = (example: number) => z.number().meta({ examples: [example] });

const RESOURCE = 'A resource; or `charge`, and then amounts are in the unit of the price book';
const resourceName = z.string().meta({ description: RESOURCE, examples: ['vcpu'] });
const priceBook = z
  .string()
  .nullable()
  .meta({ description: 'The price book of charges', examples: [null] });

const balanceRow = z.object({
  resource: resourceName,
  price_book: priceBook,
  unit: z.string().meta({ examples: ['vCPU-hours'] }),
  granted: amount(120_000).meta({ description: 'Sum of the allowances that count now, amount × hours' }),
  granted_later: amount(0).meta({ description: 'Sum of the allowances that count later' }),
  used: amount(45_300.5).meta({ description: 'Usage of the projects in the period of the grant' }),
  left: amount(74_699.5).meta({ description: 'Negative if more is used than granted' }),
  used_share: amount(0.3775).nullable().meta({ description: 'Null if nothing is granted' }),
  period_gone_share: amount(0.441).nullable().meta({ description: 'Null if the period is open' }),
  rate_per_day: amount(612.2).nullable().meta({
    description: 'Usage of a day, from the last days that are over; null if these are too few',
  }),
  days: amount(28).meta({ description: 'The days behind the rate, at most 28' }),
  missing_hours: amount(3).meta({ description: 'Hours of these days with missing readings' }),
  runs_out_on: z
    .string()
    .nullable()
    .meta({
      format: 'date',
      examples: ['2026-10-11'],
      description: 'The day (UTC) on which nothing is left if usage goes on at this rate',
    }),
  reason: z
    .enum(NO_RUN_OUT)
    .nullable()
    .meta({ description: 'Why there is no such day', examples: [null] }),
});

type BalanceRow = z.output<typeof balanceRow>;

const person = z.object({
  person: z.string().meta({ description: 'A pseudonym', examples: ['p-17'] }),
  role: z.enum(['lead', 'member']),
  name: z
    .string()
    .nullable()
    .meta({ description: 'Null if it is not known, or the person was erased', examples: ['Ada'] }),
});

const PART = 'Null if you see only the part of your sites';

export const grantRow = z.object({
  name: z.string().meta({ examples: ['climate'] }),
  title: z
    .string()
    .nullable()
    .meta({ examples: ['Klimamodelle'] }),
  account: z
    .string()
    .nullable()
    .meta({ examples: ['university'] }),
  from: instant.nullable().meta({ description: 'First hour of the period; null means open' }),
  to: instant.nullable().meta({ description: 'First hour after the period; null means open' }),
  labels: z
    .record(z.string(), z.string())
    .nullable()
    .meta({ description: PART, examples: [{ field: 'climate science' }] }),
  projects: z.array(
    z.object({
      site: z.string().meta({ examples: ['site-a'] }),
      cloud: z
        .string()
        .nullable()
        .meta({ description: 'Null means every cloud of the site', examples: [null] }),
      project_id: z.string().meta({ examples: ['0f6c4a1e'] }),
      from: instant.nullable().meta({ description: 'First hour that counts; null means open' }),
      to: instant.nullable().meta({ description: 'First hour that counts no more; null means open' }),
    }),
  ),
  people: z.array(person).nullable().meta({ description: PART }),
  balances: z
    .array(balanceRow)
    .nullable()
    .meta({
      description: `One for each resource with an allowance. None if the usage is not known. ${PART}`,
    }),
  unknown: z
    .string()
    .nullable()
    .meta({ description: 'Why the usage of the grant is not known; else null', examples: [null] }),
  version: z
    .number()
    .nullable()
    .meta({ description: `Grows with each change. ${PART}`, examples: [4] }),
});

export type GrantRow = z.output<typeof grantRow>;

const allowance = z.object({
  resource: resourceName,
  price_book: priceBook,
  unit: z.string().meta({ examples: ['vCPU-hours'] }),
  amount: z.string().meta({ description: 'Exact decimal, amount × hours', examples: ['1000.5'] }),
  kind: z.enum(['initial', 'top-up', 'cut']).meta({ description: 'A cut takes the amount away' }),
  at: instant.meta({ description: 'When it begins to count' }),
  reason: z.string().meta({ examples: ['call 7'] }),
  author: z.string().meta({ examples: ['token report'] }),
  written_at: instant,
});

export const grantDetail = grantRow.extend({
  people: z
    .array(
      person.extend({
        mail: z
          .string()
          .nullable()
          .meta({ description: 'Null also for everyone who may not make changes', examples: [null] }),
      }),
    )
    .nullable()
    .meta({ description: PART }),
  allowances: z.array(allowance).nullable().meta({ description: PART }),
  changed_at: instant.nullable().meta({ description: PART }),
  author: z
    .string()
    .nullable()
    .meta({ description: `Who made the last change. ${PART}`, examples: ['token report'] }),
});

export type GrantDetail = z.output<typeof grantDetail>;

/** The units of price books by name. */
type Units = ReadonlyMap<string, string>;
type BalancesOfGrants = GrantBalances & { units: Units };

export function grantRowOf(grant: VisibleGrant, { balances, unknown, units }: BalancesOfGrants): GrantRow {
  const whole = isWhole(grant) ? grant : undefined;
  return {
    name: grant.name,
    title: grant.title ?? null,
    account: whole?.account ?? null,
    from: isoOrNull(grant.fromMs),
    to: isoOrNull(grant.toMs),
    labels: whole === undefined ? null : { ...whole.labels },
    projects: grant.projects.map(({ site, cloud = null, projectId, fromMs, toMs }) => ({
      site,
      cloud,
      project_id: projectId,
      from: isoOrNull(fromMs),
      to: isoOrNull(toMs),
    })),
    people: whole?.people.map(personOf) ?? null,
    balances:
      whole === undefined
        ? null
        : (balances.get(grant.name) ?? []).map((balance) => balanceRowOf(balance, units)),
    unknown: unknown.get(grant.name) ?? null,
    version: whole?.version ?? null,
  };
}

export function grantDetailOf(
  grant: VisibleGrant,
  balances: BalancesOfGrants,
  { mail: withMail }: { mail: boolean },
): GrantDetail {
  const { people, allowances, changedMs, author } = isWhole(grant) ? grant : UNSEEN;
  return {
    ...grantRowOf(grant, balances),
    people: people?.map((one) => ({ ...personOf(one), mail: withMail ? (one.mail ?? null) : null })) ?? null,
    allowances: allowances?.map((one) => allowanceRowOf(one, balances.units)) ?? null,
    changed_at: isoOrNull(changedMs),
    author: author ?? null,
  };
}

const UNSEEN: Partial<PresentGrant> = {};

function allowanceRowOf(
  { atMs, writtenMs, priceBook: book, ...one }: Allowance,
  units: Units,
): z.output<typeof allowance> {
  return {
    ...one,
    price_book: book ?? null,
    unit: unitOf(one.resource, book, units),
    at: isoOf(atMs),
    written_at: isoOf(writtenMs),
  };
}

function personOf({ person: id, role, name }: PresentGrant['people'][number]) {
  return { person: id, role, name: name ?? null };
}

function unitOf(resource: string, book: string | undefined, units: Units): string {
  return book === undefined ? unitOfResource(resource) : (units.get(book) ?? '');
}

function balanceRowOf(balance: Balance, units: Units): BalanceRow {
  const { resource, priceBook: book } = balance;
  return {
    resource,
    price_book: book ?? null,
    unit: unitOf(resource, book, units),
    granted: balance.granted,
    granted_later: balance.grantedLater,
    used: balance.used,
    left: balance.left,
    used_share: balance.usedShare,
    period_gone_share: balance.periodGoneShare,
    rate_per_day: balance.ratePerDay,
    days: balance.days,
    missing_hours: balance.missingHours,
    runs_out_on: balance.runsOutOn,
    reason: balance.noRunOut,
  };
}
