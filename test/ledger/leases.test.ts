import { expect, it } from 'vitest';
import { sql } from '../../src/portal/database/sql.ts';
import { reading } from './in-memory-book.ts';
import { releaseLeases, removePortal, renewLeases, siteLease } from '../../src/portal/leases/lease-store.ts';
import {
  columns,
  HOUR,
  MINUTE,
  NOON,
  onEveryPostgresql,
  query,
  sitesNamed,
  storeOn,
  sweep,
} from './fixture.ts';

const LONG_MS = 600_000;
const BOTH = { read: ['a', 'b'], declared: ['a', 'b'] };

onEveryPostgresql('a lease', (freshLedger) => {
  const setUp = async () => {
    const fixture = await freshLedger(['a', 'b']);
    const database = storeOn(fixture.connection);
    const renew = async (portal: string, durationMs = LONG_MS, read = ['a', 'b'], declared = read) =>
      [...(await renewLeases(database, portal, { read, declared }, durationMs)).held].toSorted();
    const expected = async () => {
      const { rows } = await database.query<{ name: string }>(sql`
        SELECT name FROM ledger.site WHERE declared ORDER BY name`);
      return rows.map(({ name }) => name);
    };
    return { ...fixture, database, renew, expected };
  };

  it('passes to another portal when its holder has not been heard of, and then the old one cannot write', async () => {
    const { ledger, renew } = await setUp();
    const lease = { name: siteLease('a'), holder: 'one' };
    expect(await renew('one', 0)).toEqual(['inbox', 'site/a', 'site/b']);
    await ledger.fold('a', sweep([reading(NOON, 0)]), lease);
    expect(await renew('two')).toEqual(['inbox', 'site/a', 'site/b']);
    const late = sweep([reading(NOON + MINUTE, HOUR)]);
    await expect(ledger.fold('a', late, lease)).rejects.toThrow("is another portal's by now");
    await expect(ledger.foldLate('a', [late], lease)).rejects.toThrow("is another portal's by now");
    await expect(ledger.recordFailure('a', NOON + HOUR, 'late', lease)).rejects.toThrow(
      "is another portal's by now",
    );
    await ledger.fold('a', late, { ...lease, holder: 'two' });
    expect((await ledger.sites()).map(({ name, lastError }) => [name, lastError])).toEqual([
      ['a', undefined],
      ['b', undefined],
    ]);
    expect(columns((await ledger.usage(query({ step: 'total' }))).data, 'amount')).toEqual([[1]]);
    expect(await ledger.verify()).toEqual([]);
  });

  it('is given back by who has more than its share, and is free only then', async () => {
    const { database, renew } = await setUp();
    await renew('one');
    expect(await renew('two')).toEqual([]);
    const { held, surplus } = await renewLeases(database, 'one', BOTH, LONG_MS);
    expect([[...held].toSorted(), surplus]).toEqual([['inbox', 'site/a'], ['site/b']]);
    expect(await renew('two')).toEqual([]);
    await releaseLeases(database, 'one', surplus);
    expect(await renew('two')).toEqual(['site/b']);
  });

  it('is free at once when its holder ends in order', async () => {
    const { database, renew } = await setUp();
    await renew('one');
    await removePortal(database, 'one');
    expect(await renew('two')).toEqual(['inbox', 'site/a', 'site/b']);
  });

  it('is not kept from a portal that reads other sites, so that none is left unread', async () => {
    const { renew } = await setUp();
    await renew('one');
    expect(await renew('two', LONG_MS, ['a', 'b', 'c'])).toEqual(['site/c']);
  });

  it('leaves a site expected while the configuration of a living portal names it, whatever those of others do', async () => {
    const { ledger, renew, expected, database } = await setUp();
    await renew('one');
    // A second portal knows of another site already, and of one that only a sender writes, but no more of b.
    await ledger.declareSites(sitesNamed('a', 'c', 'written'));
    await renew('two', LONG_MS, ['a', 'c'], ['a', 'c', 'written']);
    expect(await expected()).toEqual(['a', 'b', 'c', 'written']);
    // The first is started again with its old configuration, and then with the new one.
    await ledger.declareSites(sitesNamed('a', 'b'));
    await renew('one');
    expect(await expected()).toEqual(['a', 'b', 'c', 'written']);
    await ledger.declareSites(sitesNamed('a', 'c', 'written'));
    await renew('one', LONG_MS, ['a', 'c'], ['a', 'c', 'written']);
    expect(await expected()).toEqual(['a', 'c', 'written']);
    await removePortal(database, 'one');
    await removePortal(database, 'two');
    await ledger.declareSites(sitesNamed('a'));
    expect(await expected()).toEqual(['a']);
  });

  it('lets a portal that was taken for dead bring its sites back', async () => {
    const { renew, expected } = await setUp();
    await renew('one', 0);
    await renew('two', LONG_MS, ['a']);
    expect(await expected()).toEqual(['a']);
    await renew('one');
    expect(await expected()).toEqual(['a', 'b']);
  });
});
