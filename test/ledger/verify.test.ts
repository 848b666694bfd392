import { expect, it } from 'vitest';
import { reading } from './in-memory-book.ts';
import { foldAll, HOUR, NOON, onEveryPostgresql } from './fixture.ts';
import { runSql } from '../support/postgresql-server.ts';

const OF_A = `site_id = (SELECT site_id FROM ledger.site WHERE name = 'a')`;
/** The packed February of a's meter, which has hours and days of the 1st only. */
const PACKED = `${OF_A} AND first_hour = (SELECT max(first_hour) FROM ledger.month)`;

const FIRST_DAY = `hour = (SELECT min(hour) FROM ledger.day WHERE ${OF_A})`;

const FIRST_CLOUD_DAY = `hour = (SELECT min(hour) FROM ledger.cloud_day WHERE ${OF_A})`;

/** Ways to tamper with a ledger, and the differences that `verify` finds if a value is one hour too large or small. */
const TAMPERINGS: [what: string, change: (by: string) => string, more: number[], less: number[]][] = [
  ['an opening', (by) => `UPDATE ledger.meter SET opening = opening ${by} WHERE ${OF_A}`, [1], [-1]],
  ['a last total', (by) => `UPDATE ledger.meter SET last_total = last_total ${by} WHERE ${OF_A}`, [-1], [1]],
  [
    'the open hour',
    (by) => `UPDATE ledger.meter SET open_amount = open_amount ${by} WHERE ${OF_A}`,
    [1],
    [-1],
  ],
  [
    'an entry',
    (by) => `UPDATE ledger.entry SET amount = amount ${by}
             WHERE ${OF_A} AND hour = (SELECT min(hour) FROM ledger.entry WHERE ${OF_A})`,
    // Both the meter's total and the sum of the day differ.
    [1, 1],
    [-1, 1],
  ],
  [
    'the sum of the entries of a day',
    (by) => `UPDATE ledger.day SET amount = amount ${by} WHERE ${OF_A} AND ${FIRST_DAY}`,
    [1],
    [1],
  ],
  [
    'the spread part of such a sum',
    (by) => `UPDATE ledger.day SET spread = spread ${by} WHERE ${OF_A} AND ${FIRST_DAY}`,
    [1],
    [1],
  ],
  [
    'the smaller of two corrections',
    (by) => `UPDATE ledger.anomaly SET correction = correction ${by}
             WHERE ${OF_A} AND hour = (SELECT max(hour) FROM ledger.anomaly)`,
    [1],
    [-1],
  ],
  [
    'a packed hour',
    (by) => `UPDATE ledger.month SET hour_amounts[5] = hour_amounts[5] ${by} WHERE ${PACKED}`,
    [1],
    [1],
  ],
  [
    'the spread part of a packed hour',
    (by) => `UPDATE ledger.month SET hour_spreads[5] = hour_spreads[5] ${by} WHERE ${PACKED}`,
    [1],
    [1],
  ],
  [
    'a day of all projects of a cloud',
    (by) => `UPDATE ledger.cloud_day SET amount = amount ${by} WHERE ${OF_A} AND ${FIRST_CLOUD_DAY}`,
    [1],
    [1],
  ],
  [
    'the spread part of such a day',
    (by) => `UPDATE ledger.cloud_day SET spread = spread ${by} WHERE ${OF_A} AND ${FIRST_CLOUD_DAY}`,
    [1],
    [1],
  ],
  // The meter's total, the sum of the hours and the day of the cloud differ.
  [
    'a day',
    (by) => `UPDATE ledger.month SET day_amounts[1] = day_amounts[1] ${by} WHERE ${PACKED}`,
    [1, 1, 1],
    [-1, 1, 1],
  ],
  [
    'the spread part of a day',
    (by) => `UPDATE ledger.month SET day_spreads[1] = day_spreads[1] ${by} WHERE ${PACKED}`,
    [1, 1],
    [1, 1],
  ],
  [
    'one day by an amount and another day by the opposite amount',
    (
      by,
    ) => `UPDATE ledger.month SET day_amounts[1] = day_amounts[1] ${by}, day_amounts[2] = day_amounts[2] - (0 ${by})
             WHERE ${PACKED}`,
    [1, 1],
    [1, 1],
  ],
];

/** Tables, and the others whose rows belong to their rows, as far as the ledger below has some. */
const PARENTS: [parent: string, children: string[]][] = [
  ['cloud', ['cloud_day', 'cloud_gap', 'project', 'site_hour']],
  ['project', ['meter', 'project_name']],
  ['resource', ['cloud_day', 'meter']],
  ['epoch', ['meter']],
  ['meter', ['anomaly', 'day', 'entry', 'meter_gap', 'month']],
];

onEveryPostgresql('the verification (A7)', (freshLedger) => {
  /** Makes a ledger whose meter of a has an opening, a gap, two corrections, packed days, entries and an open hour. */
  async function ledgerWithHistory() {
    const fixture = await freshLedger(['a', 'b']);
    const { ledger, time } = fixture;
    await foldAll(ledger, 'b', reading(NOON, 7), reading(NOON + 2 * HOUR, HOUR));
    await foldAll(
      ledger,
      'a',
      reading(NOON, 5 * HOUR),
      reading(NOON + HOUR, 6 * HOUR),
      reading(NOON + 2 * HOUR, 4 * HOUR),
      reading(NOON + 3 * HOUR, 3 * HOUR),
      reading(NOON + 96 * HOUR, 200 * HOUR),
      reading(NOON + 97 * HOUR, 201 * HOUR),
    );
    time.nowMs = NOON + 97 * HOUR;
    await ledger.maintain();
    return fixture;
  }

  it('shows by how much a meter is wrong, in any of its parts, and names no other meter', async () => {
    const { ledger, connection } = await ledgerWithHistory();
    expect(await ledger.verify()).toEqual([]);
    for (const [what, change, more, less] of TAMPERINGS) {
      const differences = async (by: string) => {
        await runSql(connection, change(by));
        const found = await ledger.verify();
        return found
          .filter((one) => 'difference' in one)
          .toSorted((one, other) => one.difference - other.difference)
          .map(({ site, difference }) => [site, difference]);
      };
      const ofA = (list: number[]) => list.map((difference) => ['a', difference]);
      expect([what, await differences(`+ ${HOUR}`)]).toEqual([what, ofA(more)]);
      expect([what, await differences(`- ${2 * HOUR}`)]).toEqual([what, ofA(less)]);
      expect([what, await differences(`+ ${HOUR}`)]).toEqual([what, []]);
    }
  });

  it('names rows whose project, meter, resource or other parent is missing', async () => {
    for (const [parent, children] of PARENTS) {
      const { ledger, connection } = await ledgerWithHistory();
      const inUse = parent === 'epoch' ? 'AND epoch_id IN (SELECT epoch_id FROM ledger.meter)' : '';
      await runSql(connection, `DELETE FROM ledger.${parent} WHERE ${OF_A} ${inUse}`);
      const orphans = (await ledger.verify()).filter((one) => 'rows' in one);
      expect(orphans.filter((one) => one.site !== 'a' || one.rows < 1)).toEqual([]);
      expect(orphans.map((one) => `${one.table} without ${one.parent}`)).toEqual(
        children.map((table) => `${table} without ${parent}`),
      );
    }
  });

  it('finds days or hours that lost their spread part', async () => {
    for (const forgotten of ['day_spreads', 'hour_spreads']) {
      const { ledger, connection } = await ledgerWithHistory();
      const [spread] = await runSql<{ hours: number }>(
        connection,
        `SELECT max(day / ${HOUR}.0)::float AS hours FROM ledger.month, unnest(day_spreads) AS day WHERE ${PACKED}`,
      );
      await runSql(connection, `UPDATE ledger.month SET ${forgotten} = NULL WHERE ${PACKED}`);
      const difference = { site: 'a', resource: 'vcpu', difference: spread?.hours };
      expect(await ledger.verify()).toEqual([
        { ...difference, projectId: 'p1' },
        ...(forgotten === 'day_spreads' ? [{ ...difference, projectId: 'all projects' }] : []),
      ]);
    }
  });

  it('accepts that old hours are dropped', async () => {
    const { ledger, time } = await ledgerWithHistory();
    time.nowMs = NOON + 70 * 24 * HOUR;
    expect((await ledger.maintain({ packAfterDays: 2, hoursKeptDays: 31, gapsKeptDays: 62 })).dropped).toBe(
      3,
    );
    expect(await ledger.verify()).toEqual([]);
  });
});
