import { randomUUID } from 'node:crypto';
import type { Clock } from '../../runtime/clock.ts';
import type { Database } from '../database/database.ts';
import { sql, type Queryable } from '../database/sql.ts';
import { claimsInRules, rightsByClaims, type Claims } from './rights/claim-rules.ts';
import type { Right } from './rights/roles.ts';
import type { AccessPolicy } from './access-policy.ts';
import { hashOf, newSecret } from './secrets.ts';

/** The name of a person at an identity provider. Only both together name a person; an e-mail address never does (P4). */
export interface Identity {
  iss: string;
  sub: string;
}

export interface PeopleParts {
  database: Database;
  clock: Clock;
  policy: () => AccessPolicy;
  /** The rights of a person by the grants that name the person. */
  memberships: (person: string) => Promise<readonly Right[]>;
}

const INVITATION_MS = 14 * 24 * 3_600_000;

/** The people who sign in. Each has an id that says nothing about the person. */
export class People {
  readonly #parts: PeopleParts;

  constructor(parts: PeopleParts) {
    this.#parts = parts;
  }

  /** Keeps the newest claims of an identity; a new one gets an id of its own. Returns the person's id. */
  async keep({ iss, sub }: Identity, claims: Claims): Promise<string> {
    const { database, clock, policy } = this.#parts;
    const kept = JSON.stringify(claimsInRules(policy().rules, iss, claims));
    const { rows } = await database.inLane('access').query<{ person_id: string }>(sql`
      INSERT INTO ledger.person_identity (iss, sub, person_id, claims, claims_ms)
      VALUES (${iss}, ${sub}, ${`p-${randomUUID()}`}, ${kept}::jsonb, ${clock.nowMs()})
      ON CONFLICT (iss, sub) DO UPDATE SET claims = excluded.claims, claims_ms = excluded.claims_ms
      RETURNING person_id`);
    const [row] = rows;
    if (row === undefined) throw new Error('the identity has no person');
    return row.person_id;
  }

  /** The person of an identity that is kept. */
  async personOf({ iss, sub }: Identity): Promise<string | undefined> {
    const { rows } = await this.#parts.database.inLane('access').query<{ person_id: string }>(sql`
      SELECT person_id FROM ledger.person_identity WHERE iss = ${iss} AND sub = ${sub}`);
    return rows[0]?.person_id;
  }

  /** The rights of a person by these identities, under the newest rules, and by grants. None without an identity of a present issuer. */
  async rightsOf(person: string, identities: readonly StatedClaims[]): Promise<Right[]> {
    const { rules, issuers } = this.#parts.policy();
    const stated = identities.filter(({ iss }) => issuers.includes(iss));
    if (stated.length === 0) return [];
    return [
      ...stated.flatMap(({ iss, claims }) => rightsByClaims(rules, iss, claims)),
      ...(await this.#parts.memberships(person)),
    ];
  }

  /** Makes a secret for a link: the person who signs in with it becomes `person`. Undefined if the accounts have no such person. */
  async invite(person: string): Promise<{ secret: string; expiresMs: number } | undefined> {
    const { database, clock } = this.#parts;
    const secret = newSecret();
    const expiresMs = clock.nowMs() + INVITATION_MS;
    const { rowCount } = await database.inLane('access').query(sql`
      INSERT INTO ledger.invitation (hash, person_id, expires_ms)
      SELECT ${hashOf(secret)}::bytea, id, ${expiresMs}::bigint FROM ledger.person WHERE id = ${person} AND erased_ms IS NULL`);
    return rowCount === 1 ? { secret, expiresMs } : undefined;
  }

  /** The person of an invitation that can still be accepted. */
  async invited(secret: string): Promise<string | undefined> {
    const { database, clock } = this.#parts;
    const { rows } = await database.inLane('access').query<{ person_id: string }>(sql`
      SELECT person_id FROM ledger.invitation WHERE hash = ${hashOf(secret)} AND expires_ms > ${clock.nowMs()}`);
    return rows[0]?.person_id;
  }

  /**
   * Binds the identities of a person who signed in to the person of the invitation, once. The tokens that the person made
   * before move, too. Returns the new id; undefined if the invitation was used or has ended.
   */
  async accept(secret: string, present: string): Promise<string | undefined> {
    const { database, clock } = this.#parts;
    return await database.lanes.access.run(
      async () =>
        await database.transaction(async (trx) => {
          const { rows } = await trx.query<{ person_id: string }>(sql`
            DELETE FROM ledger.invitation WHERE hash = ${hashOf(secret)} AND expires_ms > ${clock.nowMs()}
            RETURNING person_id`);
          const invited = rows[0]?.person_id;
          if (invited === undefined) return undefined;
          await trx.query(sql`
            UPDATE ledger.person_identity SET person_id = ${invited} WHERE person_id = ${present}`);
          await trx.query(sql`
            UPDATE ledger.api_token SET owner = ${invited} WHERE owner_kind = 'person' AND owner = ${present}`);
          return invited;
        }),
    );
  }
}

/** The claims of one identity, as the database keeps them. */
export interface StatedClaims {
  iss: string;
  claims: Claims;
}

/** Removes all that lets a person in: identities with their sessions, tokens and invitations. Returns how many. */
export async function forgetPerson(trx: Queryable, person: string): Promise<number> {
  const identities = await trx.query(sql`DELETE FROM ledger.person_identity WHERE person_id = ${person}`);
  await trx.query(sql`DELETE FROM ledger.api_token WHERE owner_kind = 'person' AND owner = ${person}`);
  await trx.query(sql`DELETE FROM ledger.invitation WHERE person_id = ${person}`);
  return identities.rowCount ?? 0;
}
