import { useContext } from 'preact/hooks';
import type { GrantRow } from '../../api.ts';
import { Name } from '../../controls/name.tsx';
import { DAY_MS, dayMonthYear, MINUTE_MS } from '../../format.ts';
import { ApiContext } from '../../live/api-context.ts';
import { useLive } from '../../live/use-live.ts';
import { routeAddress, type ProjectRoute } from '../../routing.ts';
import { Table } from '../../tables/table.tsx';

/** The grants that the project is in, or was in, and when. */
export function ProjectGrants({ route }: { route: ProjectRoute }) {
  const api = useContext(ApiContext);
  const { data } = useLive('grants', MINUTE_MS, (signal) => api.grants(signal));
  const times = timesIn(data ?? [], route);
  if (times.length === 0) return null;
  return (
    <section class="card" aria-labelledby="grants-heading">
      <h2 id="grants-heading">Grants</h2>
      <Table caption="Grants of this project" label="Grants of this project">
        <thead>
          <tr>
            <th scope="col">Grant</th>
            <th scope="col">Its usage counts</th>
          </tr>
        </thead>
        <tbody>
          {times.map(({ grant: { name, title }, from, to }) => (
            <tr key={`${name} ${from}`}>
              <th scope="row">
                <a href={routeAddress({ page: 'grant', name, period: route.period, tablePage: 1 })}>
                  <Name text={name} />
                </a>
                {title !== null && (
                  <small class="under">
                    <Name text={title} />
                  </small>
                )}
              </th>
              <td>{timeWords(from, to)}</td>
            </tr>
          ))}
        </tbody>
      </Table>
    </section>
  );
}

interface TimeInGrant {
  grant: GrantRow;
  from: string | null;
  to: string | null;
}

/** The times of a project in grants, the newest first. */
function timesIn(grants: readonly GrantRow[], { site, projectId }: ProjectRoute): TimeInGrant[] {
  return grants
    .flatMap((grant) =>
      grant.projects
        .filter((one) => one.site === site && one.project_id === projectId)
        .map(({ from, to }) => ({ grant, from, to })),
    )
    .sort((a, b) => (b.from ?? '').localeCompare(a.from ?? ''));
}

/** `from 1 Jan 2026 to 31 Dec 2026`: people read the last day as part of the time. */
function timeWords(from: string | null, to: string | null): string {
  const words = [
    from === null ? '' : `from ${dayMonthYear(Date.parse(from))}`,
    to === null ? '' : `to ${dayMonthYear(Date.parse(to) - DAY_MS / 24)}`,
  ].filter((word) => word !== '');
  return words.length === 0 ? 'always' : words.join(' ');
}
