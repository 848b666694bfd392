import { sql, type Queryable } from '../../database/sql.ts';

/** The number of requests that are kept for a person to look at. Beyond it the oldest are dropped. */
export interface SetAsideLimits {
  maxRequests: number;
}

export const SET_ASIDE_LIMITS: SetAsideLimits = { maxRequests: 10_000 };

export interface SetAside {
  site: string;
  /** Ids of requests in the inbox. */
  requests: readonly string[];
  reason: string;
  nowMs: number;
}

/** Copies requests out of the inbox, and drops the oldest copies beyond the limit. Returns the number of dropped ones. */
export async function setAside(
  database: Queryable,
  { site, requests, reason, nowMs }: SetAside,
  { maxRequests }: SetAsideLimits,
): Promise<number> {
  await database.query(sql`
    INSERT INTO remote_write.set_aside (id, site, rule, received_ms, body, reason, set_aside_ms)
    SELECT id, ${site}, rule, received_ms, body, ${reason.replaceAll('\0', '')}, ${nowMs}
    FROM remote_write.inbox WHERE id = ANY (${requests}::bigint[])
    ON CONFLICT (id, site) DO NOTHING`);
  const { rowCount } = await database.query(sql`
    DELETE FROM remote_write.set_aside WHERE (id, site) IN (
      SELECT id, site FROM remote_write.set_aside ORDER BY set_aside_ms DESC, id DESC OFFSET ${maxRequests})`);
  return rowCount ?? 0;
}
