import { z } from 'zod';
import { unitOfResource } from '../../../prometheus/usage-metrics.ts';
import type { GrantBalances } from '../../accounts/grant-balances.ts';
import { NO_RUN_OUT, type Balance } from '../../accounts/grants/balance.ts';
import type { Allowance, PresentGrant } from '../../accounts/grants/grant.ts';
import { isWhole, type VisibleGrant } from '../../accounts/grants/visible.ts';
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

const PART = 'Null if you see only the part of your sites';

export const grantRow = z.object({
  name: z.string(),
  title: z.string().nullable(),
  account: z.string().nullable(),
  from: instant.nullable().meta({ description: 'First hour of the period; null means open' }),
  to: instant.nullable().meta({ description: 'First hour after the period; null means open' }),
  labels: z.record(z.string(), z.string()).nullable().meta({ description: PART }),
  projects: z.array(
    z.object({
      site: z.string(),
      cloud: z.string().nullable().meta({ description: 'Null means every cloud of the site' }),
      project_id: z.string(),
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
  unknown: z.string().nullable().meta({ description: 'Why the usage of the grant is not known; else null' }),
  version: z
    .number()
    .nullable()
    .meta({ description: `Grows with each change. ${PART}` }),
});

export type GrantRow = z.output<typeof grantRow>;

const allowance = z.object({
  resource: z.string(),
  unit: z.string(),
  amount: z.string().meta({ description: 'Exact decimal, amount × hours', examples: ['1000.5'] }),
  kind: z.enum(['initial', 'top-up', 'cut']).meta({ description: 'A cut takes the amount away' }),
  at: instant.meta({ description: 'When it begins to count' }),
  reason: z.string(),
  author: z.string(),
  written_at: instant,
});

export const grantDetail = grantRow.extend({
  people: z
    .array(
      person.extend({
        mail: z.string().nullable().meta({ description: 'Null also for everyone who may not make changes' }),
      }),
    )
    .nullable()
    .meta({ description: PART }),
  allowances: z.array(allowance).nullable().meta({ description: PART }),
  changed_at: instant.nullable().meta({ description: PART }),
  author: z
    .string()
    .nullable()
    .meta({ description: `Who made the last change. ${PART}` }),
});

export type GrantDetail = z.output<typeof grantDetail>;

export function grantRowOf(grant: VisibleGrant, { balances, unknown }: GrantBalances): GrantRow {
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
    balances: whole === undefined ? null : (balances.get(grant.name) ?? []).map(balanceRowOf),
    unknown: unknown.get(grant.name) ?? null,
    version: whole?.version ?? null,
  };
}

export function grantDetailOf(
  grant: VisibleGrant,
  balances: GrantBalances,
  { mail: withMail }: { mail: boolean },
): GrantDetail {
  const { people, allowances, changedMs, author } = isWhole(grant) ? grant : UNSEEN;
  return {
    ...grantRowOf(grant, balances),
    people: people?.map((one) => ({ ...personOf(one), mail: withMail ? (one.mail ?? null) : null })) ?? null,
    allowances: allowances?.map(allowanceRowOf) ?? null,
    changed_at: isoOrNull(changedMs),
    author: author ?? null,
  };
}

const UNSEEN: Partial<PresentGrant> = {};

function allowanceRowOf({ atMs, writtenMs, ...one }: Allowance): z.output<typeof allowance> {
  return {
    ...one,
    unit: unitOfResource(one.resource),
    at: isoOf(atMs),
    written_at: isoOf(writtenMs),
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
