import type { Api, UsageRow } from '../../api.ts';
import { assignColours, COLOURS } from '../../charts/colours.ts';
import { stackOf, type Stack } from '../../charts/stack.ts';
import { coverageByStart, worstCoverage } from '../../coverage.ts';
import { compareNames } from '../../names.ts';
import { boundsOf, spanBefore, spanOf, type BucketStep, type Period, type Span } from '../../period.ts';
import { chooseResource, withoutServerHours } from '../../resources.ts';
import type { GroupKind } from '../../routing.ts';
import { resourceTotals, type Amount, type ResourceTotal } from '../../tables/project-usage.ts';
import { grouped } from './grouped.ts';
import { loadEarlier, type ResourcesOverTime } from './resources-over-time.ts';

/** The usage of one resource by site, domain, grant or institution. */
export interface Totals {
  span: Span;
  resources: ResourceTotal[];
  /** Undefined if there is no usage. */
  resource: ResourceTotal | undefined;
  /** The groups, the one with the most usage first. */
  groups: Group[];
  stack: Stack;
  colours: ReadonlyMap<string, number>;
  earlier: ResourcesOverTime | undefined;
}

export interface Group extends Amount {
  key: string;
  name: string;
  /** Where a domain is. */
  site: string | undefined;
  /** The usage of the time before; 0 if there was none. */
  earlier: number;
}

/** The keys of the API's rows for each kind of group. */
export const KEYS = {
  site: ['site'],
  domain: ['site', 'domain'],
  grant: ['grant'],
  institution: ['institution'],
} as const satisfies Record<GroupKind, readonly string[]>;

interface TotalsQuestion {
  period: Period;
  step: BucketStep;
  by: GroupKind;
  resource: string | undefined;
}

export async function loadTotals(api: Api, asked: TotalsQuestion, signal: AbortSignal): Promise<Totals> {
  const { by, step } = asked;
  const groupOf = GROUP_OF[by];
  // The portal's time is known after its first answer.
  await api.sites(signal);
  const span = spanOf(asked.period, step, api.nowMs());
  const all = await api.usage({ ...boundsOf(span), step: 'total', by: [...KEYS[by], 'resource'] }, signal);
  const resources = resourceTotals(withoutServerHours(all));
  const resource = chooseResource(
    asked.resource,
    resources.map((one) => one.resource),
  );
  const rows = all.filter((row) => row.resource === resource);
  const before = spanBefore(span, api.nowMs());
  const [earlierRows, steps, known, earlier] = await Promise.all([
    before === undefined || resource === undefined
      ? []
      : api.usage({ ...boundsOf(before), step: 'total', by: KEYS[by], resource }, signal),
    resource === undefined ? [] : api.usage({ ...boundsOf(span), step, by: KEYS[by], resource }, signal),
    api.coverage({ ...boundsOf(span), step }, signal),
    loadEarlier(api, span, {}, signal),
  ]);
  const groups = groupsOf(rows, earlierRows, groupOf);
  const byKey = grouped(steps, (row) => groupOf(row).key);
  const layers = groups
    .filter(({ amount }) => amount > 0)
    .slice(0, COLOURS)
    .map(({ key, name, site }) => ({
      key,
      label: site === undefined ? name : `${name}, ${site}`,
      rows: byKey.get(key) ?? [],
    }));
  return {
    span,
    resources,
    resource: resources.find((one) => one.resource === resource),
    groups,
    stack: stackOf(span.starts, steps, layers, coverageByStart(known)),
    colours: assignColours(
      new Map(),
      layers.map(({ key }) => key),
    ),
    earlier,
  };
}

type NameOf = (row: UsageRow) => Pick<Group, 'key' | 'name' | 'site'>;

const named = (name: string | null | undefined, none: string) => ({
  key: name || '\n',
  name: name || none,
  site: undefined,
});

export const GROUP_OF: Record<GroupKind, NameOf> = {
  site: ({ site = '' }) => ({ key: site, name: site, site: undefined }),
  domain: ({ site = '', domain_id = '', domain_name = '' }) => ({
    key: `${site}\n${domain_id}`,
    name: domain_name,
    site,
  }),
  grant: ({ grant }) => named(grant, 'no grant'),
  institution: ({ institution }) => named(institution, 'no institution'),
};

export function groupsOf(rows: readonly UsageRow[], earlier: readonly UsageRow[], groupOf: NameOf): Group[] {
  const before = grouped(earlier, (row) => groupOf(row).key);
  const now = grouped(rows, (row) => groupOf(row).key);
  const groups = new Map([...earlier, ...rows].map(groupOf).map((group) => [group.key, group]));
  return [...groups.values()]
    .map((group) => {
      const its = now.get(group.key) ?? [];
      return {
        ...group,
        amount: sum(its),
        coverage: worstCoverage(its.map(({ coverage }) => coverage)),
        earlier: sum(before.get(group.key) ?? []),
      };
    })
    .sort((a, b) => b.amount - a.amount || b.earlier - a.earlier || compareNames(a.name, b.name));
}

function sum(rows: readonly UsageRow[]): number {
  return rows.reduce((total, { amount }) => total + amount, 0);
}
