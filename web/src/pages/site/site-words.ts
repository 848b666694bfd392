import type { SiteRow } from '../../api.ts';
import type { SweepRow } from '../data/records.ts';
import { age, exactInstant, plural } from '../../format.ts';
import { countedUpTo, type SiteState } from '../../site-state.ts';

/**
 * Since when a site is in its state: since sweeps end as they do, or since the readings that stand still. `runs` are those of
 * the site, the latest first. Null if nobody knows.
 */
export function stateSince(site: SiteRow, { name }: SiteState, runs: readonly SweepRow[]): string | null {
  const [present] = runs;
  if (name === 'never read') return null;
  const stands = name === 'late' || name === 'not read' || (name === 'failing' && present?.outcome === 'ok');
  if (stands) return countedUpTo(site);
  if (present === undefined) return null;
  const end = runs.findIndex(({ outcome }) => (outcome === 'ok') !== (present.outcome === 'ok'));
  return (end < 0 ? runs : runs.slice(0, end)).at(-1)?.from ?? null;
}

/** The state in a sentence, for the head of a page. */
export function stateSentence(
  site: SiteRow,
  { name }: SiteState,
  since: string | null,
  nowMs: number,
): string {
  if (name === 'never read') return 'No reading has arrived yet.';
  if (name === 'not read') return 'No portal that runs reads this site. Its usage stays.';
  const pause = plural(site.ordinary_pause_seconds / 60, 'minute');
  const sinceWords =
    since === null ? '' : ` since ${exactInstant(Date.parse(since))} (${age(Date.parse(since), nowMs)})`;
  if (name === 'reporting') return `All is well${sinceWords}. A pause of up to ${pause} is ordinary.`;
  if (name === 'late')
    return `No newer reading has arrived${sinceWords}. A pause of up to ${pause} is ordinary.`;
  return `Not all is well${sinceWords}.`;
}

/** The first pattern that a reason fits, and what to do. docs/troubleshooting.md says the same with more words. */
const STEPS: readonly [RegExp, string][] = [
  [
    /\b401\b/,
    'The token is not valid at the gate. Exchange it: run stackmeter portal invite, and send the line to the site.',
  ],
  [
    /\b403\b/,
    'The policy of the gate does not allow the request. Compare it with the selectors of the portal; server_hours has to be set at both.',
  ],
  [/\b404\b|redirect/, 'Correct the url of the site in portal.toml.'],
  [/\b429\b/, 'Read the site less often: raise interval_seconds in portal.toml.'],
  [
    /^TLS/,
    'Ask the site for the certificate of its gate, and set ca_file. The url must have the name in the certificate.',
  ],
  [/\b50\d\b/, 'The exporter or Prometheus behind the gate is down. The site finds the reason in its log.'],
  [
    /series were refused/,
    'The rest of the site counts. The refused series below say what the site has to correct.',
  ],
  [
    /have not moved/,
    'An exporter of the site is not well: the site looks at its page and log. If the cloud was given up, name it in retired_clouds.',
  ],
  [/database node/, 'Start the database node of the site again.'],
];

const UNREACHABLE = 'Ask the site whether its gate runs, and whether the portal’s address may reach it.';
const NO_NEWS = 'If nothing arrives soon, ask the site whether the refreshes of its exporter succeed.';
const NOT_READ = 'Nothing, if the site was removed. Otherwise start the portal that reads it.';
const FIRST =
  'A new site has its first reading within minutes. If not, run stackmeter portal --check, which says why.';

/** What to do about the state of a site; null if there is nothing to do. */
export function nextStep({ name, reason }: SiteState): string | null {
  if (name === 'reporting') return null;
  if (name === 'not read') return NOT_READ;
  if (name === 'never read') return FIRST;
  if (name === 'late') return NO_NEWS;
  return STEPS.find(([pattern]) => pattern.test(reason ?? ''))?.[1] ?? UNREACHABLE;
}
