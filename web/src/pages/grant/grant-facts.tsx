import type { ComponentChildren } from 'preact';
import { useContext } from 'preact/hooks';
import type { GrantDetail } from '../../api.ts';
import { Name } from '../../controls/name.tsx';
import { DAY_MS, dayMonthYear } from '../../format.ts';
import { ApiContext } from '../../live/api-context.ts';

/** The title, account, period, labels and people of a grant. */
export function GrantFacts({ grant }: { grant: GrantDetail }) {
  const api = useContext(ApiContext);
  const { title, account, labels, people } = grant;
  return (
    <section class="card" aria-labelledby="facts-heading">
      <h2 id="facts-heading">About this grant</h2>
      <dl class="identity">
        {title !== null && <Fact label="Title">{<Name text={title} />}</Fact>}
        {account !== null && <Fact label="Account">{<Name text={account} />}</Fact>}
        <Fact label="Period">
          {periodWords(grant)} <strong>{periodState(grant, api.nowMs())}</strong>
        </Fact>
        {Object.entries(labels ?? {}).map(([label, value]) => (
          <Fact key={label} label={label}>
            <Name text={value} />
          </Fact>
        ))}
        {people !== null && (
          <Fact label="People">{people.length === 0 ? 'none named' : <People people={people} />}</Fact>
        )}
      </dl>
    </section>
  );
}

function Fact({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    <>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </>
  );
}

function People({ people }: { people: NonNullable<GrantDetail['people']> }) {
  return (
    <ul class="plain-list">
      {people.map(({ person, role, name, mail }) => (
        <li key={person}>
          <Name text={name ?? person} />, {role}
          {mail !== null && (
            <>
              {' '}
              <a href={`mailto:${encodeURIComponent(mail)}`}>{mail}</a>
            </>
          )}
        </li>
      ))}
    </ul>
  );
}

/** `1 Jan 2026 to 31 Dec 2026`: people read the last day as part of the period. */
function periodWords({ from, to }: GrantDetail): string {
  if (from === null && to === null) return 'open';
  const first = from === null ? undefined : dayMonthYear(Date.parse(from));
  const last = to === null ? undefined : dayMonthYear(Date.parse(to) - 1);
  if (first === undefined) return `until ${last}`;
  return last === undefined ? `from ${first}` : `${first} to ${last}`;
}

function periodState({ from, to }: GrantDetail, nowMs: number): string {
  if (from !== null && nowMs < Date.parse(from))
    return `not started: starts in ${days(Date.parse(from) - nowMs)}`;
  if (to === null) return '';
  return nowMs >= Date.parse(to) ? 'ended' : `${days(Date.parse(to) - nowMs)} to go`;
}

function days(spanMs: number): string {
  const whole = Math.ceil(spanMs / DAY_MS);
  return whole === 1 ? '1 day' : `${whole} days`;
}
