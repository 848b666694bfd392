import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';

/** Something that somebody did or was refused (P7). It names people by their ids only. */
export interface AuditEvent {
  who: string;
  /** The action in words, such as `sign-in` or `PUT`. */
  what: string;
  /** The thing that it was about, such as the path of a request. */
  object: string;
  outcome: string;
  address: string | undefined;
}

export interface AuditRow extends AuditEvent {
  id: string;
  atMs: number;
}

/** The record of sign-ins, refusals, changes and exports, in the database and in the log. */
export class Audit {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #logger: Logger;

  constructor({ database, clock, logger }: { database: Database; clock: Clock; logger: Logger }) {
    this.#database = database;
    this.#clock = clock;
    this.#logger = logger;
  }

  async note({ object, ...rest }: AuditEvent): Promise<void> {
    const event = { ...rest, object: cut(withoutSecret(object)) };
    this.#logger.info({ ...event }, 'audit');
    await this.#database.inLane('access').query(sql`
      INSERT INTO ledger.audit (at_ms, who, what, object, outcome, address)
      VALUES (${this.#clock.nowMs()}, ${event.who}, ${event.what}, ${event.object}, ${event.outcome},
              ${event.address ?? null})`);
  }

  /** Rows before the row `beforeId`, the newest first. */
  async list(limit: number, beforeId?: string): Promise<AuditRow[]> {
    const { rows } = await this.#database.inLane('access').query<StoredRow>(sql`
      SELECT * FROM ledger.audit WHERE ${beforeId ?? null}::bigint IS NULL OR audit_id < ${beforeId ?? null}::bigint
      ORDER BY audit_id DESC LIMIT ${limit}`);
    return rows.map(({ audit_id: id, at_ms: atMs, address, ...row }) => ({
      id,
      atMs: Number(atMs),
      who: row.who,
      what: row.what,
      object: row.object,
      outcome: row.outcome,
      address: address ?? undefined,
    }));
  }
}

interface StoredRow extends Omit<AuditEvent, 'address'> {
  audit_id: string;
  at_ms: string;
  address: string | null;
}

/** The secret of an invitation stands in its address, and in the address to come back to after a sign-in. */
function withoutSecret(object: string): string {
  return object.replaceAll(/(\/invitation\/)[^?#]*/g, '$1…');
}

function cut(text: string): string {
  return text.slice(0, 500);
}
