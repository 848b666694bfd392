import { sql, type Queryable } from '../database/sql.ts';
import type { Asker } from './asker.ts';
import type { Identity, People, PeopleParts } from './people.ts';
import type { Claims } from './rights/claim-rules.ts';
import { ASK_AGAIN_MS, FRESH_CLAIMS_MS } from './access-policy.ts';
import { hashOf, newSecret } from './secrets.ts';
import { NOTE_USE_AFTER_MS, type Tokens } from './tokens.ts';

/** The way in which a session was opened: by an identity with the ID token of the sign-in, or by a token of the API. */
export type SessionOrigin = (Identity & ProviderTokens) | { tokenId: string };

interface ProviderTokens {
  idToken: string;
  /** Secret. */
  refreshToken?: string | undefined;
}

/** Asks the provider for the newest claims. Returns 'ended' if the provider has ended the sign-in, undefined if it does not answer. */
export type AskForClaims = (
  identity: Identity,
  refreshToken: string,
) => Promise<(ProviderTokens & { claims: Claims }) | 'ended' | undefined>;

/** The browsers that are signed in. Rights are computed from the stored claims at each request, under the newest rules. */
export class Sessions {
  readonly #parts: PeopleParts;
  readonly #people: People;
  readonly #tokens: Tokens;

  constructor(parts: PeopleParts, people: People, tokens: Tokens) {
    this.#parts = parts;
    this.#people = people;
    this.#tokens = tokens;
  }

  /** Opens a session with a fresh secret, and ends the one that the browser had (P6). Returns the secret. */
  async open(origin: SessionOrigin, earlier: string | undefined): Promise<string> {
    if (earlier !== undefined) await this.end(earlier);
    const secret = newSecret();
    const nowMs = this.#parts.clock.nowMs();
    const {
      iss,
      sub,
      idToken,
      refreshToken = null,
      tokenId,
    } = 'tokenId' in origin ? { ...NO_IDENTITY, ...origin } : { ...origin, tokenId: null };
    await this.#database.query(sql`
      INSERT INTO ledger.session (hash, iss, sub, id_token, refresh_token, token_id, created_ms, used_ms)
      VALUES (${hashOf(secret)}, ${iss}, ${sub}, ${idToken}, ${refreshToken}, ${tokenId}, ${nowMs}, ${nowMs})`);
    return secret;
  }

  /** Who asks in this session; undefined if it has ended. Old claims are asked for first. */
  async askerOf(secret: string, ask: AskForClaims = async () => undefined): Promise<Asker | undefined> {
    const { clock, policy } = this.#parts;
    const [nowMs, hash] = [clock.nowMs(), hashOf(secret)];
    const { rows } = await this.#database.query<SessionRow>(sql`
      SELECT s.iss, s.sub, s.token_id, s.used_ms, s.refresh_token, s.asked_ms, i.person_id, i.claims, i.claims_ms
      FROM ledger.session s LEFT JOIN ledger.person_identity i ON i.iss = s.iss AND i.sub = s.sub
      WHERE s.hash = ${hash} AND s.used_ms > ${nowMs - policy().sessionIdleMs}
        AND s.created_ms > ${nowMs - policy().sessionMs}`);
    const [row] = rows;
    if (row === undefined) return undefined;
    if (nowMs - Number(row.used_ms) >= NOTE_USE_AFTER_MS)
      await this.#database.query(sql`UPDATE ledger.session SET used_ms = ${nowMs} WHERE hash = ${hash}`);
    if (row.token_id !== null) return await this.#tokens.askerOfSession(row.token_id);
    const claims = await this.#newestClaims(row, hash, ask);
    if (claims === undefined) return undefined;
    const { iss, person_id: person } = row;
    const rights = await this.#people.rightsOf(person, [{ iss, claims }]);
    return { who: `person ${person}`, by: 'session', rights, person };
  }

  /** The claims of a session, asked for again if they are old; undefined if the provider has ended the sign-in. */
  async #newestClaims(row: PersonSession, hash: Buffer, ask: AskForClaims): Promise<Claims | undefined> {
    const { iss, sub, claims, refresh_token: refreshToken } = row;
    const nowMs = this.#parts.clock.nowMs();
    const isOld = nowMs - Number(row.claims_ms) >= FRESH_CLAIMS_MS;
    if (refreshToken === null || !isOld || !(await this.#mayAsk(row, hash, nowMs))) return claims;
    const newer = await ask({ iss, sub }, refreshToken);
    if (newer === undefined) return claims;
    if (newer === 'ended') {
      await this.#database.query(sql`DELETE FROM ledger.session WHERE hash = ${hash}`);
      return undefined;
    }
    await this.#people.keep({ iss, sub }, newer.claims);
    await this.#database.query(sql`
      UPDATE ledger.session SET id_token = ${newer.idToken}, refresh_token = ${newer.refreshToken ?? null}
      WHERE hash = ${hash}`);
    return newer.claims;
  }

  /** One request of a session, at all portals, asks the provider: many providers take a refresh token only once. */
  async #mayAsk({ asked_ms: askedMs }: PersonSession, hash: Buffer, nowMs: number): Promise<boolean> {
    if (askedMs !== null && nowMs - Number(askedMs) < ASK_AGAIN_MS) return false;
    const { rowCount } = await this.#database.query(sql`
      UPDATE ledger.session SET asked_ms = ${nowMs} WHERE hash = ${hash} AND asked_ms IS NOT DISTINCT FROM ${askedMs}`);
    return rowCount === 1;
  }

  /** Ends a session. Returns its issuer and ID token, for a sign-out at the provider. */
  async end(secret: string): Promise<{ iss: string; idToken: string } | undefined> {
    const { rows } = await this.#database.query<{ iss: string | null; id_token: string | null }>(sql`
      DELETE FROM ledger.session WHERE hash = ${hashOf(secret)} RETURNING iss, id_token`);
    const { iss = null, id_token: idToken = null } = rows[0] ?? {};
    return iss === null || idToken === null ? undefined : { iss, idToken };
  }

  /** Ends all sessions of a person, at all portals, with those that the person's tokens opened. */
  async endAll(person: string): Promise<void> {
    await this.#database.query(sql`
      DELETE FROM ledger.session
      WHERE (iss, sub) IN (SELECT iss, sub FROM ledger.person_identity WHERE person_id = ${person})
        OR token_id IN (SELECT token_id FROM ledger.api_token WHERE owner_kind = 'person' AND owner = ${person})`);
  }

  get #database(): Queryable {
    return this.#parts.database.inLane('access');
  }
}

const NO_IDENTITY = { iss: null, sub: null, idToken: null, refreshToken: null };

type SessionRow = { used_ms: string } & ({ token_id: string } | PersonSession);

interface PersonSession extends Identity {
  token_id: null;
  refresh_token: string | null;
  asked_ms: string | null;
  person_id: string;
  claims: Claims;
  claims_ms: string;
}
