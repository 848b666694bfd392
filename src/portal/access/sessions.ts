import { sql, type Queryable } from '../database/sql.ts';
import type { Asker } from './asker.ts';
import type { Identity, People, PeopleParts } from './people.ts';
import type { Claims } from './rights/claim-rules.ts';
import { hashOf, newSecret } from './secrets.ts';
import { NOTE_USE_AFTER_MS, type Tokens } from './tokens.ts';

/** The way in which a session was opened: by an identity with the ID token of the sign-in, or by a token of the API. */
export type SessionOrigin = (Identity & { idToken: string }) | { tokenId: string };

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
    const { iss, sub, idToken, tokenId } =
      'tokenId' in origin ? { ...NO_IDENTITY, ...origin } : { ...origin, tokenId: null };
    await this.#database.query(sql`
      INSERT INTO ledger.session (hash, iss, sub, id_token, token_id, created_ms, used_ms)
      VALUES (${hashOf(secret)}, ${iss}, ${sub}, ${idToken}, ${tokenId}, ${nowMs}, ${nowMs})`);
    return secret;
  }

  /** Who asks in this session; undefined if it has ended. */
  async askerOf(secret: string): Promise<Asker | undefined> {
    const { clock, policy } = this.#parts;
    const [nowMs, hash] = [clock.nowMs(), hashOf(secret)];
    const { rows } = await this.#database.query<SessionRow>(sql`
      SELECT s.iss, s.token_id, s.used_ms, i.person_id, i.claims
      FROM ledger.session s LEFT JOIN ledger.person_identity i ON i.iss = s.iss AND i.sub = s.sub
      WHERE s.hash = ${hash} AND s.used_ms > ${nowMs - policy().sessionIdleMs}
        AND s.created_ms > ${nowMs - policy().sessionMs}`);
    const [row] = rows;
    if (row === undefined) return undefined;
    if (nowMs - Number(row.used_ms) >= NOTE_USE_AFTER_MS)
      await this.#database.query(sql`UPDATE ledger.session SET used_ms = ${nowMs} WHERE hash = ${hash}`);
    if (row.token_id !== null) return await this.#tokens.askerOfSession(row.token_id);
    const { iss, person_id: person, claims } = row;
    const rights = await this.#people.rightsOf(person, [{ iss, claims }]);
    return { who: `person ${person}`, by: 'session', rights, person };
  }

  /** Ends a session. Returns its issuer and ID token, for a sign-out at the provider. */
  async end(secret: string): Promise<{ iss: string; idToken: string } | undefined> {
    const { rows } = await this.#database.query<{ iss: string | null; id_token: string | null }>(sql`
      DELETE FROM ledger.session WHERE hash = ${hashOf(secret)} RETURNING iss, id_token`);
    const { iss = null, id_token: idToken = null } = rows[0] ?? {};
    return iss === null || idToken === null ? undefined : { iss, idToken };
  }

  /** Ends all sessions of a person, at all portals. */
  async endAll(person: string): Promise<void> {
    await this.#database.query(sql`
      DELETE FROM ledger.session s USING ledger.person_identity i
      WHERE i.iss = s.iss AND i.sub = s.sub AND i.person_id = ${person}`);
  }

  get #database(): Queryable {
    return this.#parts.database.inLane('access');
  }
}

const NO_IDENTITY = { iss: null, sub: null, idToken: null };

type SessionRow = { used_ms: string } & (
  { token_id: string } | { token_id: null; iss: string; person_id: string; claims: Claims }
);
