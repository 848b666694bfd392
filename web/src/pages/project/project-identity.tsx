import type { ProjectRow } from '../../api.ts';
import { Age } from '../../controls/age.tsx';
import { Name } from '../../controls/name.tsx';
import { dayMonthYear, exactInstant } from '../../format.ts';
import type { ProjectRoute } from '../../routing.ts';

/** The names and ids of the project at its site. */
export function ProjectIdentity({ route, rows }: { route: ProjectRoute; rows: readonly ProjectRow[] }) {
  return (
    <section class="card" aria-labelledby="identity-heading">
      <h2 id="identity-heading">Identifiers</h2>
      {rows.length === 0 && (
        <p>
          Project <code>{route.projectId}</code> at the site <Name text={route.site} />.
        </p>
      )}
      {rows.map((row) => (
        <dl key={row.cloud} class="identity">
          <dt>Project</dt>
          <dd>
            <Name text={row.project_name} /> <code>{row.project_id}</code>
          </dd>
          <dt>Domain</dt>
          <dd>
            <Name text={row.domain_name} /> <code>{row.domain_id}</code>
          </dd>
          {(row.names?.length ?? 0) > 1 && <dt>Earlier names</dt>}
          {(row.names?.length ?? 0) > 1 && (
            <dd>
              <EarlierNames names={row.names ?? []} />
            </dd>
          )}
          <dt>Site</dt>
          <dd>
            <Name text={row.site} />
          </dd>
          {row.cloud !== '' && <dt>Cloud</dt>}
          {row.cloud !== '' && (
            <dd>
              <Name text={row.cloud} />
            </dd>
          )}
          <dt>First reading</dt>
          <dd>{exactInstant(Date.parse(row.first_reading_at))}</dd>
          <dt>Latest reading</dt>
          <dd>
            {exactInstant(Date.parse(row.last_reading_at))} (<Age at={row.last_reading_at} />)
          </dd>
        </dl>
      ))}
    </section>
  );
}

/** The names before the present one, the newest first. */
function EarlierNames({ names }: { names: NonNullable<ProjectRow['names']> }) {
  return (
    <ul class="plain-list">
      {names
        .slice(0, -1)
        .toReversed()
        .map(({ project_name, domain_name, from, to }) => (
          <li key={from}>
            <Name text={project_name} /> in <Name text={domain_name} />, from {dayMonthYear(Date.parse(from))}{' '}
            {to !== null && `to ${dayMonthYear(Date.parse(to))}`}
          </li>
        ))}
    </ul>
  );
}
