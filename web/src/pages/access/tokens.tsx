import { useContext, useRef, useState } from 'preact/hooks';
import type { Me, TokenRow } from '../../api.ts';
import { Age } from '../../controls/age.tsx';
import { Name } from '../../controls/name.tsx';
import { Waiting } from '../../controls/waiting.tsx';
import { MINUTE_MS } from '../../format.ts';
import { ApiContext } from '../../live/api-context.ts';
import { reasonOf } from '../../live/live-query.ts';
import { useLive } from '../../live/use-live.ts';
import { isOperator, rolesForTokens, roleWords } from '../../live/roles.ts';
import { Table } from '../../tables/table.tsx';
import { NewTokenForm } from './new-token.tsx';

/** The tokens that the person answers for. An operator answers for all. */
export function TokensSection({ me }: { me: Me }) {
  const api = useContext(ApiContext);
  const [changes, setChanges] = useState(0);
  const [failure, setFailure] = useState<string | undefined>(undefined);
  const { data, error } = useLive(`tokens ${changes}`, MINUTE_MS, (signal) => api.tokens(signal));
  const heading = useRef<HTMLHeadingElement>(null);
  const changed = () => setChanges(changes + 1);
  const revoke = async ({ id, name }: TokenRow) => {
    if (!confirm(`Revoke the token “${name}”? Programs that use it are refused at once.`)) return;
    setFailure(undefined);
    await api.revokeToken(id).then(
      // The button goes with its row, and would take the focus along.
      () => heading.current?.focus(),
      (reason: unknown) => setFailure(reasonOf(reason)),
    );
    changed();
  };
  const mayMake = me.by !== 'token' && rolesForTokens(me).length > 0;
  return (
    <section class="card" aria-labelledby="tokens-heading">
      <h2 id="tokens-heading" ref={heading} tabIndex={-1}>
        {isOperator(me) ? 'Tokens of this portal' : 'Your tokens'}
      </h2>
      {data === undefined && <Waiting what="the tokens" error={error} />}
      {data?.length === 0 && <p class="waiting">No tokens yet. A program reads the API with a token.</p>}
      {data !== undefined && data.length > 0 && (
        <TokenTable tokens={data} revoke={me.by === 'token' ? undefined : revoke} />
      )}
      <div role="status">{failure !== undefined && <p class="notice notice-bad">{failure}</p>}</div>
      {mayMake && <NewTokenForm me={me} onMade={changed} />}
      {me.by === 'token' && (
        <p class="waiting">You signed in with a token. It can neither make nor revoke tokens.</p>
      )}
    </section>
  );
}

interface TokenTableProps {
  tokens: readonly TokenRow[];
  revoke: ((token: TokenRow) => Promise<void>) | undefined;
}

function TokenTable({ tokens, revoke }: TokenTableProps) {
  return (
    <Table caption="Tokens, their roles, expiry and last use" class="text-table token-table">
      <thead>
        <tr>
          <th scope="col">Token</th>
          <th scope="col">Roles</th>
          <th scope="col">Expires</th>
          <th scope="col">Last used</th>
          {revoke !== undefined && (
            <th scope="col">
              <span class="visually-hidden">Revoke</span>
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {tokens.map((token) => (
          <tr key={token.id}>
            <th scope="row">
              <Name text={token.name} />
              <small class="under">{ownerWords(token.owner)}</small>
            </th>
            <td>
              <Name text={token.roles.map(roleWords).join(', ')} />
            </td>
            <td>{token.expires === null ? 'never' : <Age at={token.expires} />}</td>
            <td>{token.last_used === null ? 'never' : <Age at={token.last_used} />}</td>
            {revoke !== undefined && (
              <td>
                <button type="button" class="more" onClick={() => void revoke(token)}>
                  Revoke<span class="visually-hidden"> {token.name}</span>
                </button>
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

function ownerWords(owner: TokenRow['owner']): string {
  if (owner.kind === 'person') return `of ${owner.person}`;
  if (owner.kind === 'installation') return 'of this portal';
  return owner.kind === 'site' ? `of site ${owner.site}` : `of grant ${owner.grant}`;
}
