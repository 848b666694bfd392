import type { SiteRow } from '../../api.ts';
import { Age } from '../../controls/age.tsx';
import { Figures, type Figure } from '../../controls/figures.tsx';
import { Name } from '../../controls/name.tsx';
import { age, count, exactInstant, MINUTE_MS, SECOND_MS } from '../../format.ts';
import { useNow } from '../../live/use-now.ts';
import { countedUpTo, siteState } from '../../site-state.ts';
import { StateBadge } from '../../tables/state-badge.tsx';
import type { SweepRow } from '../data/records.ts';
import { seesWhole } from '../data/site-data.ts';
import { nextStep, stateSentence, stateSince } from './site-words.ts';

/** The state of a site in words: since when, why, and what to do. */
export function SiteHead({ site, runs }: { site: SiteRow; runs: readonly SweepRow[] }) {
  const nowMs = useNow(10 * SECOND_MS);
  const state = siteState(site, nowMs);
  const step = nextStep(state);
  return (
    <>
      <section class="card" aria-labelledby="state-heading">
        <h2 id="state-heading">
          State <StateBadge state={state.name} />
        </h2>
        <p>{stateSentence(site, state, stateSince(site, state, runs), nowMs)}</p>
        {state.reason !== null && (
          <p class="reason">
            <Name text={state.reason} />
          </p>
        )}
        {step !== null && (
          <p class="next-step">
            <strong>What to do:</strong> {step}
          </p>
        )}
        {site.exporter_versions !== undefined && (
          <p class="under">
            Exporter: stackmeter <Name text={site.exporter_versions.join(', ')} />
          </p>
        )}
        {site.clouds.length > 1 && <CloudList site={site} />}
      </section>
      <Figures label="The site in numbers" figures={figures(site, nowMs)} />
    </>
  );
}

function CloudList({ site }: { site: SiteRow }) {
  return (
    <ul class="plain-list under">
      {site.clouds.map(({ cloud, last_reading_at: at }) => (
        <li key={cloud}>
          {cloud === '' ? 'Readings without a cloud' : <Name text={cloud} />}: counted up to <Age at={at} />
        </li>
      ))}
    </ul>
  );
}

function figures(site: SiteRow, nowMs: number): Figure[] {
  const upTo = countedUpTo(site);
  const ageOf = (at: string | null) =>
    at === null
      ? { value: 'never' }
      : { value: age(Date.parse(at), nowMs), title: exactInstant(Date.parse(at)) };
  return [
    { label: 'Counted up to', ...ageOf(upTo) },
    ...(seesWhole(site) ? [{ label: 'Last good sweep', ...ageOf(site.last_success_at) }] : []),
    {
      label: 'Ordinary pause',
      value: count((site.ordinary_pause_seconds * SECOND_MS) / MINUTE_MS),
      detail: 'minutes',
    },
    { label: 'Projects', value: count(site.projects) },
    { label: 'Meters', value: count(site.meters) },
  ];
}
