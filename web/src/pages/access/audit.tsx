import { useContext } from 'preact/hooks';
import type { AuditRow } from '../../api.ts';
import { ConnectionNotice } from '../../controls/connection-notice.tsx';
import { Name } from '../../controls/name.tsx';
import { Waiting } from '../../controls/waiting.tsx';
import { exactInstant, SECOND_MS } from '../../format.ts';
import { ApiContext, MeContext } from '../../live/api-context.ts';
import { useLive } from '../../live/use-live.ts';
import { hasSignIn, readsEverything } from '../../live/roles.ts';
import { routeAddress, type AuditRoute } from '../../routing.ts';
import { Table } from '../../tables/table.tsx';
import { PageTitle } from '../usage/page-title.tsx';

/** Sign-ins, refusals, changes and exports, for operators and auditors. */
export function AuditPage({ route }: { route: AuditRoute }) {
  const me = useContext(MeContext);
  const readable = me !== undefined && hasSignIn(me) && readsEverything(me);
  return (
    <>
      <PageTitle title="Audit" />
      {readable ? (
        <AuditRows cursor={route.cursor} />
      ) : (
        <section class="card empty">
          <h2>You may not read the audit</h2>
          <p>
            Only operators and auditors of a portal with a sign-in do. <a href="#/access">My access</a> shows
            your roles.
          </p>
        </section>
      )}
    </>
  );
}

function AuditRows({ cursor }: { cursor: string | undefined }) {
  const api = useContext(ApiContext);
  const audit = useLive(`audit ${cursor ?? ''}`, 10 * SECOND_MS, (signal) => api.audit(cursor, signal));
  const { data, error, pending } = audit;
  return (
    <>
      <ConnectionNotice states={[audit]} />
      <section class="card" aria-labelledby="audit-heading" aria-busy={pending && error === undefined}>
        <h2 id="audit-heading">Sign-ins, refusals, changes and exports</h2>
        {data === undefined && <Waiting what="the audit" error={error} />}
        {data?.data.length === 0 && <p class="waiting">No rows.</p>}
        {data !== undefined && data.data.length > 0 && <AuditTable rows={data.data} />}
        {data !== undefined && (cursor !== undefined || data.next !== null) && (
          <nav class="pager" aria-label="Pages of the audit">
            {cursor !== undefined && <a href={routeAddress({ page: 'audit' })}>Newest rows</a>}
            {data.next !== null && (
              <a href={routeAddress({ page: 'audit', cursor: data.next })}>Older rows</a>
            )}
          </nav>
        )}
      </section>
    </>
  );
}

function AuditTable({ rows }: { rows: readonly AuditRow[] }) {
  return (
    <Table caption="The audit, the newest rows first" class="text-table audit-table">
      <thead>
        <tr>
          <th scope="col">When</th>
          <th scope="col">Who</th>
          <th scope="col">What</th>
          <th scope="col">About</th>
          <th scope="col">Outcome</th>
          <th scope="col">From</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ id, at, who, what, object, outcome, address }) => (
          <tr key={id}>
            <th scope="row">
              <time dateTime={at}>{exactInstant(Date.parse(at))}</time>
            </th>
            <td>
              <Name text={who} />
            </td>
            <td>
              <Name text={what} />
            </td>
            <td>
              <Name text={object} />
            </td>
            <td>
              <Name text={outcome} />
            </td>
            <td>{address ?? '–'}</td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}
