import type { Pool } from 'pg';

/** So much of what could not be folded is kept for somebody to look at; the oldest goes for more. */
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

/** Copies requests out of the inbox, and makes room where there is none; returns how many were dropped for that. */
export async function setAside(
  pool: Pool,
  { site, requests, reason, nowMs }: SetAside,
  { maxRequests }: SetAsideLimits,
): Promise<number> {
  await pool.query(
    `INSERT INTO remote_write.set_aside (id, site, rule, received_ms, body, reason, set_aside_ms)
     SELECT id, $2, rule, received_ms, body, $3, $4 FROM remote_write.inbox WHERE id = ANY ($1::bigint[])
     ON CONFLICT (id, site) DO NOTHING`,
    [requests, site, reason.replaceAll('\0', ''), nowMs],
  );
  const { rowCount } = await pool.query(
    `DELETE FROM remote_write.set_aside WHERE (id, site) IN (
       SELECT id, site FROM remote_write.set_aside ORDER BY set_aside_ms DESC, id DESC OFFSET $1)`,
    [maxRequests],
  );
  return rowCount ?? 0;
}
