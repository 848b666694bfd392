import { randomInt } from 'node:crypto';
import { UserError } from '../../runtime/user-error.ts';
import { endIfIdle } from '../database/advisory-lock.ts';
import { sql, type Queryable, type Sql } from '../database/sql.ts';
import type { Asker } from './asker.ts';
import type { People, PeopleParts, StatedClaims } from './people.ts';
import { nameOfRole, rightsWithin, type Right, type Role } from './rights/roles.ts';
import { hashOf, newToken } from './secrets.ts';

/** To whom a token belongs. */
export type TokenOwner =
  | { kind: 'person'; person: string }
  | { kind: 'grant'; grant: string }
  | { kind: 'site'; site: string }
  | { kind: 'installation' };

export interface NewToken {
  name: string;
  owner: TokenOwner;
  roles: readonly Role[];
  expiresMs?: number | undefined;
}

/** A token without its secret, which nobody can read again. */
export interface TokenEntry extends NewToken {
  id: string;
  createdMs: number;
  createdBy: string;
  usedMs?: number | undefined;
}

const FIRST_TOKEN: NewToken = {
  name: 'first operator',
  owner: { kind: 'installation' },
  roles: [{ role: 'operator' }],
};

/** Ids are random: numbers in a row would tell how many tokens others make (P2). */
const MOST_IDS = 10 ** 12;

/** Last uses are written at most once a minute, so that a token in heavy use writes little. */
export const NOTE_USE_AFTER_MS = 60_000;

/** The tokens of the API. They are read from the primary for each request: a revoked one is refused at once everywhere. */
export class Tokens {
  readonly #parts: PeopleParts;
  readonly #people: People;

  constructor(parts: PeopleParts, people: People) {
    this.#parts = parts;
    this.#people = people;
  }

  /** Makes a token. Its roles are checked against its owner's at each use, not here. Throws `UserError` for a past expiry. */
  async create(token: NewToken, by: Asker): Promise<{ id: string; secret: string }> {
    if (token.expiresMs !== undefined && token.expiresMs <= this.#parts.clock.nowMs())
      throw new UserError(`expires: ${new Date(token.expiresMs).toISOString()} has passed already`);
    return await this.#insert(this.#database, token, by.who);
  }

  /** Makes a token of an operator and keeps it, unless there is a token. Of several portals that start, one does this. */
  async createFirst(keep: (secret: string) => Promise<void>): Promise<boolean> {
    const { database } = this.#parts;
    return await database.lanes.access.run(
      async () =>
        await database.transaction(async (trx) => {
          await endIfIdle(trx);
          await trx.query(sql`LOCK TABLE ledger.api_token IN EXCLUSIVE MODE`);
          const { rows } = await trx.query(sql`SELECT FROM ledger.api_token LIMIT 1`);
          if (rows.length > 0) return false;
          const { secret } = await this.#insert(trx, FIRST_TOKEN, 'the first start');
          await keep(secret);
          return true;
        }),
    );
  }

  async #insert(on: Queryable, token: NewToken, by: string): Promise<{ id: string; secret: string }> {
    const secret = newToken();
    const { rows } = await on.query<{ token_id: string }>(sql`
      INSERT INTO ledger.api_token (token_id, hash, name, owner_kind, owner, roles, created_ms, created_by, expires_ms)
      VALUES (${randomInt(1, MOST_IDS)}, ${hashOf(secret)}, ${token.name}, ${token.owner.kind}, ${nameOfOwner(token.owner)},
              ${JSON.stringify(token.roles)}::jsonb, ${this.#parts.clock.nowMs()}, ${by}, ${token.expiresMs ?? null})
      RETURNING token_id`);
    const [row] = rows;
    if (row === undefined) throw new Error('the token has no id');
    return { id: row.token_id, secret };
  }

  /** Who asks with this token; undefined if it is unknown, revoked or has ended. */
  async askerOf(secret: string): Promise<Asker | undefined> {
    const found = await this.#find(sql`t.hash = ${hashOf(secret)}`);
    if (found === undefined) return undefined;
    await this.#noteUse(found);
    return await this.#askerOf(found);
  }

  /** Who asks in a session that a token has opened. */
  async askerOfSession(tokenId: string): Promise<Asker | undefined> {
    const found = await this.#find(sql`t.token_id = ${tokenId}`);
    return found === undefined ? undefined : await this.#askerOf(found);
  }

  /** Ends a token, at all portals on the database at once. Returns whether there was one. */
  async revoke(id: string): Promise<boolean> {
    const { rowCount } = await this.#database.query(sql`DELETE FROM ledger.api_token WHERE token_id = ${id}`);
    return rowCount === 1;
  }

  /** All tokens, the oldest first. */
  async list(): Promise<TokenEntry[]> {
    const { rows } = await this.#database.query<TokenRow>(sql`
      SELECT t.*, NULL AS identities FROM ledger.api_token t ORDER BY t.created_ms, t.token_id`);
    return rows.map(entryOf);
  }

  get #database(): Queryable {
    return this.#parts.database.inLane('access');
  }

  async #find(condition: Sql): Promise<TokenRow | undefined> {
    const { clock, policy } = this.#parts;
    const nowMs = clock.nowMs();
    const { rows } = await this.#database.query<TokenRow>(sql`
      SELECT t.*, (SELECT jsonb_agg(jsonb_build_object('iss', i.iss, 'claims', i.claims))
                   FROM ledger.person_identity i
                   WHERE t.owner_kind = 'person' AND i.person_id = t.owner
                     AND i.claims_ms > ${nowMs - policy().claimsMs}) AS identities
      FROM ledger.api_token t
      WHERE ${condition} AND (t.expires_ms IS NULL OR t.expires_ms > ${nowMs})`);
    return rows[0];
  }

  async #noteUse({ token_id: id, used_ms: usedMs }: TokenRow): Promise<void> {
    const nowMs = this.#parts.clock.nowMs();
    if (usedMs !== null && nowMs - Number(usedMs) < NOTE_USE_AFTER_MS) return;
    await this.#database.query(sql`UPDATE ledger.api_token SET used_ms = ${nowMs} WHERE token_id = ${id}`);
  }

  async #askerOf(row: TokenRow): Promise<Asker> {
    const { id, name, owner, roles } = entryOf(row);
    const person = owner.kind === 'person' ? owner.person : undefined;
    const rights = rightsWithin(roles, await this.#rightsOf(owner, row.identities ?? []), `token '${name}'`);
    return { who: `token ${id}`, by: 'token', rights, person, tokenId: id };
  }

  /** A person's tokens rest if the person's claims are too old: then there is no identity here, and no right. */
  async #rightsOf(owner: TokenOwner, identities: readonly StatedClaims[]): Promise<Right[]> {
    if (owner.kind === 'person') return await this.#people.rightsOf(owner.person, identities);
    const role = roleOfOwner(owner);
    return [
      {
        role,
        because: `it belongs to ${owner.kind === 'installation' ? 'the installation' : nameOfRole(role)}`,
      },
    ];
  }
}

/** The role of an owner that is not a person. */
function roleOfOwner(owner: Exclude<TokenOwner, { kind: 'person' }>): Role {
  if (owner.kind === 'installation') return { role: 'operator' };
  return owner.kind === 'site' ? { role: 'site', site: owner.site } : { role: 'lead', grant: owner.grant };
}

/** Whether somebody may make, see and revoke the tokens of this owner: their own, and those of what they answer for. */
export function mayManage({ rights, person }: Asker, owner: TokenOwner): boolean {
  if (rights.some(({ role }) => role.role === 'operator')) return true;
  if (owner.kind === 'person') return owner.person === person;
  // An auditor reads every site, but does not answer for one.
  return rights.some(({ role }) => nameOfRole(role) === nameOfRole(roleOfOwner(owner)));
}

function nameOfOwner(owner: TokenOwner): string {
  if (owner.kind === 'person') return owner.person;
  if (owner.kind === 'installation') return '';
  return owner.kind === 'site' ? owner.site : owner.grant;
}

interface TokenRow {
  token_id: string;
  name: string;
  owner_kind: TokenOwner['kind'];
  owner: string;
  roles: Role[];
  created_ms: string;
  created_by: string;
  expires_ms: string | null;
  used_ms: string | null;
  identities: StatedClaims[] | null;
}

function entryOf(row: TokenRow): TokenEntry {
  return {
    id: row.token_id,
    name: row.name,
    owner: ownerOf(row.owner_kind, row.owner),
    roles: row.roles,
    createdMs: Number(row.created_ms),
    createdBy: row.created_by,
    ...(row.expires_ms === null ? {} : { expiresMs: Number(row.expires_ms) }),
    ...(row.used_ms === null ? {} : { usedMs: Number(row.used_ms) }),
  };
}

function ownerOf(kind: TokenOwner['kind'], name: string): TokenOwner {
  if (kind === 'person') return { kind, person: name };
  if (kind === 'installation') return { kind };
  return kind === 'site' ? { kind, site: name } : { kind, grant: name };
}
