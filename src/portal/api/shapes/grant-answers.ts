import { z } from 'zod';
import { unitOfResource } from '../../../prometheus/usage-metrics.ts';
import type { GrantBalances } from '../../accounts/grant-balances.ts';
import { NO_RUN_OUT, type Balance } from '../../accounts/grants/balance.ts';
import type { PresentGrant } from '../../accounts/grants/grant.ts';
import { isoOf, isoOrNull } from './rows.ts';

const instant = z.string().meta({ format: 'date-time' });

const balanceRow = z.object({
  resource: z.string(),
  unit: z.string().meta({ examples: ['vCPU-hours'] }),
  granted: z.number().meta({ description: 'Sum of the allowances that count now, amount × hours' }),
  granted_later: z.number().meta({ description: 'Sum of the allowances that count later' }),
  used: z.number().meta({ description: 'Usage of the projects in the period of the grant' }),
  left: z.number().meta({ description: 'Negative if more is used than granted' }),
  used_share: z.number().nullable().meta({ description: 'Null if nothing is granted' }),
  period_gone_share: z.number().nullable().meta({ description: 'Null if the period is open' }),
  rate_per_day: z.number().nullable().meta({
    description: 'Usage of a day, from the last days that are over; null if these are too few',
  }),
  days: z.number().meta({ description: 'The days behind the rate, at most 28' }),
  missing_hours: z.number().meta({ description: 'Hours of these days with missing readings' }),
  runs_out_on: z.string().nullable().meta({
    format: 'date',
    description: 'The day (UTC) on which nothing is left if usage goes on at this rate',
  }),
  reason: z.enum(NO_RUN_OUT).nullable().meta({ description: 'Why there is no such day' }),
});

type BalanceRow = z.output<typeof balanceRow>;

const person = z.object({
  person: z.string().meta({ description: 'A pseudonym' }),
  role: z.enum(['lead', 'member']),
  name: z.string().nullable().meta({ description: 'Null if it is not known, or the person was erased' }),
});

export const grantRow = z.object({
  name: z.string(),
  title: z.string().nullable(),
  account: z.string().nullable(),
  from: instant.nullable().meta({ description: 'First hour of the period; null means open' }),
  to: instant.nullable().meta({ description: 'First hour after the period; null means open' }),
  labels: z.record(z.string(), z.string()),
  projects: z.array(
    z.object({
      site: z.string(),
      cloud: z.string().nullable().meta({ description: 'Null means every cloud of the site' }),
      project_id: z.string(),
      from: instant.nullable().meta({ description: 'First hour that counts; null means open' }),
      to: instant.nullable().meta({ description: 'First hour that counts no more; null means open' }),
    }),
  ),
  people: z.array(person),
  balances: z.array(balanceRow).meta({
    description: 'One for each resource with an allowance. None if the usage is not known',
  }),
  unknown: z.string().nullable().meta({ description: 'Why the usage of the grant is not known; else null' }),
  version: z.number().meta({ description: 'Grows with each change' }),
});

export type GrantRow = z.output<typeof grantRow>;

export const grantDetail = grantRow.extend({
  people: z.array(
    person.extend({
      mail: z.string().nullable().meta({ description: 'Null also for everyone who may not make changes' }),
    }),
  ),
  allowances: z.array(
    z.object({
      resource: z.string(),
      unit: z.string(),
      amount: z.string().meta({ description: 'Exact decimal, amount × hours', examples: ['1000.5'] }),
      kind: z.enum(['initial', 'top-up', 'cut']).meta({ description: 'A cut takes the amount away' }),
      at: instant.meta({ description: 'When it begins to count' }),
      reason: z.string(),
      author: z.string(),
      written_at: instant,
    }),
  ),
  changed_at: instant,
  author: z.string().meta({ description: 'Who made the last change' }),
});

export type GrantDetail = z.output<typeof grantDetail>;

export function grantRowOf(grant: PresentGrant, { balances, unknown }: GrantBalances): GrantRow {
  return {
    name: grant.name,
    title: grant.title ?? null,
    account: grant.account ?? null,
    from: isoOrNull(grant.fromMs),
    to: isoOrNull(grant.toMs),
    labels: { ...grant.labels },
    projects: grant.projects.map(({ site, cloud = null, projectId, fromMs, toMs }) => ({
      site,
      cloud,
      project_id: projectId,
      from: isoOrNull(fromMs),
      to: isoOrNull(toMs),
    })),
    people: grant.people.map(personOf),
    balances: (balances.get(grant.name) ?? []).map(balanceRowOf),
    unknown: unknown.get(grant.name) ?? null,
    version: grant.version,
  };
}

export function grantDetailOf(
  grant: PresentGrant,
  balances: GrantBalances,
  { mail: withMail }: { mail: boolean },
): GrantDetail {
  return {
    ...grantRowOf(grant, balances),
    people: grant.people.map((one) => ({ ...personOf(one), mail: withMail ? (one.mail ?? null) : null })),
    allowances: grant.allowances.map(({ atMs, writtenMs, ...allowance }) => ({
      ...allowance,
      unit: unitOfResource(allowance.resource),
      at: isoOf(atMs),
      written_at: isoOf(writtenMs),
    })),
    changed_at: isoOf(grant.changedMs),
    author: grant.author,
  };
}

function personOf({ person: id, role, name }: PresentGrant['people'][number]) {
  return { person: id, role, name: name ?? null };
}

function balanceRowOf(balance: Balance): BalanceRow {
  return {
    resource: balance.resource,
    unit: unitOfResource(balance.resource),
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
