import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { flavorLabel, type FlavorFacts } from '../../src/prometheus/flavor-facts.ts';
import type { DatabaseConnection } from '../../src/portal/database/connection.ts';
import type { Ledger, Reading } from '../../src/portal/ledger/ledger.ts';
import { runSql } from '../support/postgresql-server.ts';
import { columns, HOUR, inPages, MINUTE, NOON, onEveryPostgresql, query, sweep } from './fixture.ts';
import { reading } from './in-memory-book.ts';

const SMALL: FlavorFacts = {
  name: 'small',
  vcpu: 1,
  mb: 2048,
  disk_gb: 20,
  ephemeral_gb: 0,
  swap_mb: 0,
  devices: {},
};
const LARGE: FlavorFacts = { ...SMALL, name: 'large', vcpu: 8, mb: 65_536, devices: { a100: 2 } };

/** Each life is a site of one ledger: a ledger takes a second to make. */
const LIVES = 20;

/** The hours of servers of one flavor in one state, milliseconds. */
interface Hours {
  flavor: FlavorFacts;
  state: string;
  durationMs: number;
  projectId?: string;
}

function serverReading(atMs: number, { flavor, state, durationMs, projectId = 'p1' }: Hours): Reading {
  const servers = { flavor: flavorLabel(flavor), state };
  return reading(atMs, durationMs, { resource: 'server', servers, projectId });
}

/** All readings of a project whose totals since the start of the exporter are these. */
function readingsOf(atMs: number, hours: readonly Hours[], before = 0): Reading[] {
  const total = (size: (flavor: FlavorFacts) => number) =>
    BigInt(before) +
    hours.reduce((sum, { flavor, durationMs }) => sum + BigInt(size(flavor)) * BigInt(durationMs), 0n);
  return [
    reading(
      atMs,
      total(({ vcpu }) => vcpu),
    ),
    reading(
      atMs,
      total(({ mb }) => mb),
      { resource: 'mb' },
    ),
    reading(
      atMs,
      total(({ disk_gb }) => disk_gb),
      { resource: 'disk_gb' },
    ),
    reading(
      atMs,
      total(() => 1),
      { resource: 'instance' },
    ),
    ...hours.map((one) => serverReading(atMs, one)),
  ];
}

const BY_KIND = new Set(['project', 'flavor', 'state'] as const);

async function hoursByKind(ledger: Ledger, step: 'hour' | 'total' = 'total') {
  const { data } = await ledger.usage(query({ step, by: BY_KIND, resource: 'server' }));
  return columns(data, 'flavor', 'state', 'amount');
}

/** Adds an hour to the latest usage of all server hours, and to nothing else. */
async function addAnHour(connection: DatabaseConnection): Promise<void> {
  await runSql(
    connection,
    `UPDATE ledger.meter SET open_amount = open_amount + ${HOUR}, last_total = last_total + ${HOUR}
     WHERE last_at_ms = (SELECT last_ms FROM ledger.cloud)
       AND resource_id IN (SELECT resource_id FROM ledger.resource WHERE name = 'server')`,
  );
}

onEveryPostgresql('server hours', (freshLedger) => {
  it('are usage by flavor and state, and one resource without them', async () => {
    const { ledger } = await freshLedger(['a']);
    const at = (hours: number) => [
      { flavor: SMALL, state: 'active', durationMs: 3 * hours * HOUR },
      { flavor: SMALL, state: 'stopped', durationMs: hours * HOUR },
      { flavor: LARGE, state: 'active', durationMs: 2 * hours * HOUR },
    ];
    await ledger.fold('a', sweep(readingsOf(NOON, at(100))));
    await ledger.fold('a', sweep(readingsOf(NOON + HOUR, at(101))));
    const [small, large] = [flavorLabel(SMALL), flavorLabel(LARGE)];
    expect(await hoursByKind(ledger)).toEqual([
      [large, 'active', 2],
      [small, 'active', 3],
      [small, 'stopped', 1],
    ]);
    const sums = await ledger.usage(query({ step: 'total' }));
    expect(columns(sums.data, 'resource', 'amount', 'unit')).toContainEqual(['server', 6, 'server-hours']);
    const ask = async (more: object) => {
      const { data } = await ledger.usage(query({ step: 'total', resource: 'server', ...more }));
      return columns(data, 'flavor', 'state', 'amount');
    };
    expect(await ask({ by: new Set(['state']) })).toEqual([
      [undefined, 'active', 5],
      [undefined, 'stopped', 1],
    ]);
    expect(await ask({ by: new Set(['flavor']), state: 'active' })).toEqual([
      [large, undefined, 2],
      [small, undefined, 3],
    ]);
    expect(await ask({ flavor: small })).toEqual([[undefined, undefined, 4]]);
    const paged = await inPages(
      1,
      async (page) => await ledger.usage(query({ step: 'total', by: BY_KIND, resource: 'server', ...page })),
    );
    expect(columns(paged, 'flavor', 'state', 'amount')).toEqual(await hoursByKind(ledger));
    expect(await ledger.verify()).toEqual([]);
  });

  it('of two flavors of one name are apart', async () => {
    const { ledger, connection } = await freshLedger(['a']);
    const recreated = { ...SMALL, vcpu: 2 };
    const at = (durationMs: number) => [
      { flavor: SMALL, state: 'active', durationMs },
      { flavor: recreated, state: 'active', durationMs },
    ];
    await ledger.fold('a', sweep(readingsOf(NOON, at(0))));
    await ledger.fold('a', sweep(readingsOf(NOON + HOUR, at(HOUR))));
    expect(await hoursByKind(ledger)).toEqual([
      [flavorLabel(SMALL), 'active', 1],
      [flavorLabel(recreated), 'active', 1],
    ]);
    expect(
      await runSql(
        connection,
        'SELECT name, vcpu, mb, ephemeral_gb, devices FROM ledger.flavor ORDER BY vcpu',
      ),
    ).toEqual([
      { name: 'small', vcpu: '1', mb: '2048', ephemeral_gb: '0', devices: {} },
      { name: 'small', vcpu: '2', mb: '2048', ephemeral_gb: '0', devices: {} },
    ]);
  });

  it('open with balances when they are first read from a known cloud, and new ones begin at zero after that (A5)', async () => {
    const { ledger } = await freshLedger(['a']);
    const old = { flavor: SMALL, state: 'active', durationMs: 5000 * HOUR };
    await ledger.fold('a', sweep([reading(NOON - 10 * MINUTE, 1)]));
    await ledger.fold('a', sweep([reading(NOON, 2), serverReading(NOON, old)]));
    expect(await hoursByKind(ledger)).toEqual([]);
    const late = { ...old, projectId: 'p2' };
    await ledger.fold('a', sweep([serverReading(NOON, late)]));
    expect(await hoursByKind(ledger)).toEqual([]);
    const more = { flavor: LARGE, state: 'paused', durationMs: 10 * MINUTE };
    await ledger.fold('a', sweep([reading(NOON + 10 * MINUTE, 3), serverReading(NOON + 10 * MINUTE, more)]));
    expect(await hoursByKind(ledger)).toEqual([[flavorLabel(LARGE), 'paused', 1 / 6]]);
    expect(await ledger.verify()).toEqual([]);
  });

  it('that were not read for a while are spread over that while, in meters that are new, too', async () => {
    const { ledger } = await freshLedger(['a']);
    const ofState = (state: string, durationMs: number) => ({ flavor: SMALL, state, durationMs });
    await ledger.fold('a', sweep([reading(NOON, 1), serverReading(NOON, ofState('active', 0))]));
    for (const minutes of [10, 20, 30, 170])
      await ledger.fold('a', sweep([reading(NOON + minutes * MINUTE, minutes)]));
    const at = NOON + 180 * MINUTE;
    await ledger.fold('a', sweep([reading(at, 999), serverReading(at, ofState('unknown', 3 * HOUR))]));
    expect(await hoursByKind(ledger, 'hour')).toEqual(
      [1, 1, 1].map((hours) => [flavorLabel(SMALL), 'unknown', hours]),
    );
  });

  it('are exact with gaps, late readings, another epoch and packed days', async () => {
    const { ledger, time } = await freshLedger(['a']);
    const at = (hours: number) => [
      { flavor: SMALL, state: 'active', durationMs: hours * HOUR },
      { flavor: LARGE, state: 'active', durationMs: 2 * hours * HOUR },
    ];
    await ledger.fold('a', sweep(readingsOf(NOON, at(1), 77)));
    await ledger.fold('a', sweep(readingsOf(NOON + 5 * HOUR, at(6), 77)));
    const measured = readingsOf(NOON + 2 * HOUR, at(5), 77);
    expect(await ledger.foldLate('a', [sweep(measured)])).toMatchObject({ replaced: measured.length });
    await ledger.fold('a', sweep(readingsOf(NOON + 50 * HOUR, at(51), 77)));
    time.nowMs = NOON + 97 * HOUR;
    expect((await ledger.maintain()).packed).toBeGreaterThan(0);
    expect(await ledger.verify()).toEqual([]);
    const other = readingsOf(NOON + 51 * HOUR, at(52), 77).map((one) => ({ ...one, epoch: 'b' }));
    await ledger.fold('a', sweep(other));
    expect(await ledger.verify()).toEqual([]);
  });

  it('that are not the usage of their project are found (S5)', async () => {
    const { ledger, connection } = await freshLedger(['a']);
    const at = (hours: number) =>
      readingsOf(NOON + hours * HOUR, [{ flavor: LARGE, state: 'active', durationMs: hours * HOUR }]);
    for (const hours of [0, 24, 72]) await ledger.fold('a', sweep(at(hours)));
    expect(await ledger.verify()).toEqual([]);
    await addAnHour(connection);
    const found = [
      { site: 'a', projectId: 'p1', resource: 'server × disk_gb', difference: 20 },
      { site: 'a', projectId: 'p1', resource: 'server × instance', difference: 1 },
      { site: 'a', projectId: 'p1', resource: 'server × mb', difference: 65_536 },
      { site: 'a', projectId: 'p1', resource: 'server × vcpu', difference: 8 },
    ];
    expect(await ledger.verify()).toEqual(found);
  });

  it('that are not the usage of their project are found after another epoch, in which old ones have ended', async () => {
    const { ledger, connection } = await freshLedger(['a']);
    const ofState = (state: string, hours: number) => ({ flavor: LARGE, state, durationMs: hours * HOUR });
    await ledger.fold('a', sweep(readingsOf(NOON, [ofState('active', 0)])));
    await ledger.fold('a', sweep(readingsOf(NOON + HOUR, [ofState('active', 1)])));
    for (const hours of [2, 26, 74]) {
      const readings = readingsOf(NOON + hours * HOUR, [ofState('paused', hours)]);
      await ledger.fold('a', sweep(readings.map((one) => ({ ...one, epoch: 'b' }))));
    }
    expect(await ledger.verify()).toEqual([]);
    await addAnHour(connection);
    expect((await ledger.verify()).length).toBe(4);
  });

  it('may be missing in a reading: the usage is spread differently, and that is no difference (S5)', async () => {
    const { ledger } = await freshLedger(['a']);
    const at = (hours: number, used: number) =>
      readingsOf(NOON + 30 * MINUTE + hours * HOUR, [
        { flavor: LARGE, state: 'active', durationMs: used * HOUR },
      ]);
    await ledger.fold('a', sweep(at(0, 0)));
    await ledger.fold('a', sweep(at(10, 10).filter(({ servers }) => servers === undefined)));
    for (const hours of [20, 44, 92]) await ledger.fold('a', sweep(at(hours, 10)));
    expect(await ledger.verify()).toEqual([]);
  });

  it('are no difference if large totals were rounded to doubles (S5)', async () => {
    const { ledger } = await freshLedger(['a']);
    const large = 2n ** 60n;
    const flavor = { vcpu: 1, mb: 1, disk_gb: 1 };
    const at = (hours: number, rounding: bigint) =>
      readingsOf(NOON + hours * HOUR, [{ flavor, state: 'active', durationMs: hours * HOUR }]).map((one) =>
        one.resource === 'mb' ? { ...one, total: one.total + large + rounding } : one,
      );
    for (const hours of [0, 12]) await ledger.fold('a', sweep(at(hours, 200n)));
    for (const hours of [36, 72]) await ledger.fold('a', sweep(at(hours, -200n)));
    expect(await ledger.verify()).toEqual([]);
  });

  it('are the usage of their project over random lives, with readings at random times (S5, A7)', async () => {
    const kind = fc.record({
      flavor: fc.constantFrom(SMALL, LARGE, { vcpu: 3, mb: 1, disk_gb: 0 }),
      state: fc.constantFrom('active', 'stopped', 'shelved_offloaded', 'unknown'),
      share: fc.nat({ max: 7 }),
      startsAt: fc.nat({ max: 3 }),
    });
    const life = fc.record({
      kinds: fc.uniqueArray(kind, {
        minLength: 1,
        maxLength: 5,
        selector: ({ flavor, state }) => `${flavor.vcpu} ${state}`,
      }),
      pausesMs: fc.array(fc.integer({ min: 1, max: 20 * HOUR }), { minLength: 4, maxLength: 8 }),
      before: fc.nat(),
    });
    const lives = fc.array(life, { minLength: LIVES, maxLength: LIVES });
    const folded = fc.asyncProperty(lives, async (all) => {
      const { ledger } = await freshLedger(all.map((_, site) => `site ${site}`));
      for (const [site, { kinds, pausesMs, before }] of all.entries()) {
        let atMs = NOON;
        const totals = kinds.map(({ flavor, state }) => ({ flavor, state, durationMs: 0 }));
        for (const [index, pauseMs] of pausesMs.entries()) {
          atMs += pauseMs;
          for (const [place, { share, startsAt }] of kinds.entries())
            if (index >= startsAt) (totals[place] as Hours).durationMs += share * pauseMs;
          const shown = totals.filter(({ durationMs }) => durationMs > 0);
          await ledger.fold(`site ${site}`, sweep(readingsOf(atMs, shown, before)));
        }
      }
      expect(await ledger.verify()).toEqual([]);
    });
    await fc.assert(folded, { numRuns: 1 });
  });

  it('survive an export and an import', async () => {
    const { ledger } = await freshLedger(['a']);
    const at = (durationMs: number) =>
      readingsOf(NOON + durationMs, [{ flavor: LARGE, state: 'active', durationMs }]);
    await ledger.fold('a', sweep(at(0)));
    await ledger.fold('a', sweep(at(HOUR)));
    const { ledger: other } = await freshLedger([]);
    const lines = async function* () {
      for await (const text of ledger.exportLines()) yield* text.trimEnd().split('\n');
    };
    await other.importLines(lines());
    expect(await hoursByKind(other)).toEqual([[flavorLabel(LARGE), 'active', 1]]);
  });
});
