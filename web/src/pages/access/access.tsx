import { useContext } from 'preact/hooks';
import type { Me } from '../../api.ts';
import { Name } from '../../controls/name.tsx';
import { MeContext } from '../../live/api-context.ts';
import { hasSignIn, roleWords } from '../../live/roles.ts';
import { Table } from '../../tables/table.tsx';
import { PageTitle } from '../usage/page-title.tsx';
import { TokensSection } from './tokens.tsx';

/** Who is signed in, with which roles and why, and the tokens of this person. */
export function AccessPage() {
  const me = useContext(MeContext);
  return (
    <>
      <PageTitle title="My access" />
      {me !== undefined && (
        <>
          <PersonSection me={me} />
          <RolesSection me={me} />
          {hasSignIn(me) && <TokensSection me={me} />}
        </>
      )}
    </>
  );
}

const WAYS: Readonly<Record<Me['by'], string>> = {
  session: 'by a session in this browser',
  token: 'by a token of the portal',
  proxy: 'by the proxy in front of the portal',
  socket: 'by the socket of the portal',
  nothing: 'not at all: this portal has no sign-in',
};

function PersonSection({ me }: { me: Me }) {
  return (
    <section class="card" aria-labelledby="person-heading">
      <h2 id="person-heading">Who you are</h2>
      <dl class="identity">
        {me.name !== null && (
          <>
            <dt>Name</dt>
            <dd>
              <Name text={me.name} />
            </dd>
          </>
        )}
        {me.person !== null && (
          <>
            <dt>Id</dt>
            <dd>
              <code>{me.person}</code>
            </dd>
          </>
        )}
        <dt>Signed in</dt>
        <dd>{WAYS[me.by]}</dd>
      </dl>
      {me.by === 'session' && (
        <form method="post" action="sign-out">
          <button type="submit" class="more" name="everywhere" value="true">
            Sign out everywhere
          </button>
        </form>
      )}
    </section>
  );
}

function RolesSection({ me }: { me: Me }) {
  return (
    <section class="card" aria-labelledby="roles-heading">
      <h2 id="roles-heading">Your roles</h2>
      {me.rights.length === 0 ? (
        <p class="waiting">No rule and no grant gives you a role. Ask an operator of this portal for one.</p>
      ) : (
        <Table caption="Your roles, and why you have them" class="text-table">
          <thead>
            <tr>
              <th scope="col">Role</th>
              <th scope="col">Why</th>
            </tr>
          </thead>
          <tbody>
            {me.rights.map(({ role, because }) => (
              <tr key={`${roleWords(role)}\n${because}`}>
                <th scope="row">
                  <Name text={roleWords(role)} />
                </th>
                <td>
                  <Name text={because} />
                </td>
              </tr>
            ))}
          </tbody>
        </Table>
      )}
      <p class="coverage-summary">Together: {me.allowed.join(', ')}.</p>
    </section>
  );
}
