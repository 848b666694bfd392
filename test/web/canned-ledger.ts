import type { GrantDetail } from '../../src/portal/api/shapes/grant-answers.ts';
import type {
  Coverage,
  FlavorRow,
  ProjectRow,
  SiteRow,
  UsageRow,
} from '../../src/portal/api/shapes/answers.ts';
import { unitOfResource } from '../../src/prometheus/usage-metrics.ts';
import type { CannedLedger } from './canned-portal.ts';

const HOUR_MS = 3_600_000;

/** Names that Keystone accepts and that break careless pages. */
export const AWKWARD_NAMES = [
  `<img src=x onerror="document.title='owned'">`,
  'مشروع المناخ',
  'Grüße aus "Köln" \\ O’Brien',
  'a'.repeat(64),
  'line\nbreak\u0000nul',
  '\u202egnp.exe',
  '   ',
  '{{constructor}} ${1+1} &amp; %s',
] as const;

/** The amount of each resource that a project of size 1 uses. */
const PER_SIZE = { vcpu: 4, mb: 8192, disk_gb: 40, instance: 1 } as const;

/** A federation of four sites, one for each state of a site, with `days` of usage up to `nowMs`. */
export function cannedLedger(nowMs: number, days: number): CannedLedger {
  const projects = [...projectsOf('freiburg', 41, nowMs), ...projectsOf('tübingen', 12, nowMs - 25 * 60_000)];
  const name = `${nowMs} ${days}`;
  const usage = usages.get(name) ?? projects.flatMap((one, index) => usageOf(one, index, nowMs, days));
  usages.set(name, usage);
  return { sites: sitesAt(nowMs), projects, usage };
}

/** Tests share usage, which none of them changes: it takes longest to make. */
const usages = new Map<string, UsageRow[]>();

function sitesAt(nowMs: number): SiteRow[] {
  const at = (agoMs: number) => new Date(nowMs - agoMs).toISOString();
  const common = {
    first_reading_at: at(40 * 24 * HOUR_MS),
    last_error: null,
    declared: true,
    ordinary_pause_seconds: 900,
    refused_series: 0,
    anomalies: 0,
    labels: {},
  };
  const read = { last_sweep_at: at(4_000), last_success_at: at(4_000) };
  const sites: Omit<SiteRow, 'clouds'>[] = [
    {
      ...common,
      ...read,
      name: 'freiburg',
      labels: { location_id: '8676' },
      last_reading_at: at(12_000),
      projects: 41,
      meters: 164,
    },
    {
      ...common,
      ...read,
      name: 'tübingen',
      last_reading_at: at(25 * 60_000),
      projects: 12,
      meters: 48,
      refused_series: 3,
      anomalies: 1,
    },
    {
      ...common,
      name: 'bielefeld',
      last_reading_at: at(7 * HOUR_MS),
      last_sweep_at: at(9_000),
      last_success_at: at(7 * HOUR_MS),
      last_error:
        'https://usage.bielefeld.example:8443 answered 401: the token is not known; ask the site for a new one',
      projects: 0,
      meters: 0,
    },
    {
      ...common,
      name: 'gießen',
      first_reading_at: null,
      last_reading_at: null,
      last_sweep_at: null,
      last_success_at: null,
      projects: 0,
      meters: 0,
    },
  ];
  return sites.map((site) => ({ ...site, clouds: cloudsOf(site) }));
}

/** Each of these sites has one cloud, or none before its first reading. */
function cloudsOf({ last_reading_at: at }: Pick<SiteRow, 'last_reading_at'>): SiteRow['clouds'] {
  return at === null ? [] : [{ cloud: '', last_reading_at: at }];
}

function projectsOf(site: string, number: number, lastMs: number): ProjectRow[] {
  return Array.from({ length: number }, (_, index) => ({
    site,
    cloud: '',
    project_id: `${(index + 16).toString(16)}${site === 'freiburg' ? 'f0' : 'e1'}`.padEnd(32, '7a3c5e90'),
    project_name: nameOf(site, index),
    domain_id: index % 3 === 0 ? 'default' : 'd-elixir',
    domain_name: index % 3 === 0 ? 'Default' : 'elixir',
    first_reading_at: new Date(lastMs - 40 * 24 * HOUR_MS).toISOString(),
    last_reading_at: new Date(lastMs).toISOString(),
  }));
}

const SUBJECTS = [
  'proteomics',
  'climate-model',
  'metagenome',
  'imaging',
  'teaching',
  'folding',
  'variant-calling',
];

function nameOf(site: string, index: number): string {
  const awkward = site === 'freiburg' ? AWKWARD_NAMES[index - 1] : undefined;
  return awkward ?? `${SUBJECTS[index % SUBJECTS.length]}-${index + 1}`;
}

/** Whole amounts that change with the hour of the day and differ between projects; the last hour is not over. */
function usageOf(project: ProjectRow, index: number, nowMs: number, days: number): UsageRow[] {
  const currentMs = Math.floor(nowMs / HOUR_MS) * HOUR_MS;
  const hours = Array.from({ length: days * 24 }, (_, hour) => currentMs - hour * HOUR_MS);
  return hours.flatMap((startMs, hoursAgo) => {
    const hour = new Date(startMs).getUTCHours();
    const busy = 1 + Math.max(0, Math.sin(((hour - 6) / 12) * Math.PI));
    const size = Math.round((60 / (index + 2)) * busy) + 1;
    const part = hoursAgo === 0 ? 0.4 : 1;
    const common = {
      site: project.site,
      project_id: project.project_id,
      project_name: project.project_name,
      domain_id: project.domain_id,
      domain_name: project.domain_name,
      start: new Date(startMs).toISOString(),
      coverage: coverageOf(project.site, hoursAgo),
    };
    const totals = Object.entries(PER_SIZE).map(([resource, amount]) => ({
      ...common,
      resource,
      amount: amount * size * part,
      unit: unitOfResource(resource),
    }));
    if (project.site !== 'freiburg' || index >= WITH_SERVER_HOURS) return totals;
    const servers = serversAt(hour, hoursAgo).map(({ flavor, state, share }) => ({
      ...common,
      resource: 'server',
      flavor,
      state,
      amount: PER_SIZE.instance * size * part * share,
      unit: 'server-hours',
    }));
    return [...totals, ...servers];
  });
}

/** The first projects of freiburg have server hours. */
const WITH_SERVER_HOURS = 6;

/** Some of the servers of a project in an hour, as a share of all. */
interface CannedServers {
  flavor: FlavorRow;
  state: string;
  share: number;
}

/** The servers of an hour. Small ones are stopped at night, and those with GPUs are shelved most of the time. */
function serversAt(hour: number, hoursAgo: number): CannedServers[] {
  const unknown = hoursAgo >= 9 && hoursAgo <= 11;
  return [
    { flavor: FLAVORS.small, state: hour >= 6 && hour < 20 ? 'active' : 'stopped', share: 0.5 },
    { flavor: FLAVORS.large, state: unknown ? 'unknown' : 'active', share: 0.25 },
    { flavor: FLAVORS.gpu, state: hour >= 10 && hour < 14 ? 'active' : 'shelved_offloaded', share: 0.125 },
    { flavor: FLAVORS.unread, state: 'suspended', share: 0.125 },
  ];
}

const COMMON_FACTS = { ephemeral_gb: 0, swap_mb: 0, gpus: {} };

const FLAVORS = {
  small: {
    ...COMMON_FACTS,
    label: '<b>m1.small/1/2048/20/0/0/0',
    name: '<b>m1.small',
    vcpus: 1,
    memory_mb: 2048,
    disk_gb: 20,
  },
  large: {
    ...COMMON_FACTS,
    label: 'm1.large/4/8192/80/20/512/0',
    name: 'm1.large',
    vcpus: 4,
    memory_mb: 8192,
    disk_gb: 80,
    ephemeral_gb: 20,
    swap_mb: 512,
  },
  gpu: {
    ...COMMON_FACTS,
    label: 'g2.a100.x4/32/262144/200/0/0/a100=4',
    name: 'g2.a100.x4',
    vcpus: 32,
    memory_mb: 262_144,
    disk_gb: 200,
    gpus: { a100: 4 },
  },
  unread: {
    label: '/2/4096/40/?/?/?',
    name: null,
    vcpus: 2,
    memory_mb: 4096,
    disk_gb: 40,
    ephemeral_gb: null,
    swap_mb: null,
    gpus: null,
  },
} satisfies Record<string, FlavorRow>;

function coverageOf(site: string, hoursAgo: number): Coverage {
  if (site === 'freiburg' && hoursAgo >= 9 && hoursAgo <= 11) return 'spread';
  return site === 'freiburg' && hoursAgo === 15 ? 'missing' : 'measured';
}

/** A grant of these projects, without allowances. */
export function cannedGrant(
  name: string,
  projects: readonly { site: string; id: string }[],
  more: Partial<GrantDetail> = {},
): GrantDetail {
  return {
    name,
    title: null,
    account: null,
    from: null,
    to: null,
    labels: {},
    projects: projects.map(({ site, id }) => ({ site, cloud: null, project_id: id, from: null, to: null })),
    people: [],
    balances: [],
    unknown: null,
    allowances: [],
    version: 1,
    changed_at: '2026-01-01T00:00:00.000Z',
    author: 'operator',
    ...more,
  };
}
