import { z } from 'zod';
import { strictTable } from '../../runtime/settings/strict-table.ts';
import { DEFAULT_STORAGE_POLICY, type StoragePolicy } from '../ledger/storage-policy.ts';

/** Late readings may move the hours of a month, and a meter's usual rate needs the hours of its last week. */
const SHORTEST_DAYS = 31;

const days = z
  .int({ error: 'must be a whole number of days' })
  .min(SHORTEST_DAYS, `must be at least ${SHORTEST_DAYS}`)
  .max(36_500, 'must be at most 36500; leave it out to keep data for ever');

/** The table `[retention]` of portal.toml. */
export const retentionTable = strictTable({
  hours_days: days
    .optional()
    .describe(
      'drop the hours of months that ended longer ago; days and months stay; without it, hours stay for ever',
    ),
  gaps_days: days
    .default(DEFAULT_STORAGE_POLICY.gapsKeptDays)
    .describe("ask a site's Prometheus for a gap until this long after the end of the gap"),
})
  .prefault({})
  .describe('how long the ledger keeps hours and gaps');

export function storagePolicy({ hours_days, gaps_days }: z.output<typeof retentionTable>): StoragePolicy {
  return { ...DEFAULT_STORAGE_POLICY, hoursKeptDays: hours_days, gapsKeptDays: gaps_days };
}
