import { EVERYTHING } from '../../src/portal/access/rights/scope.ts';
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
    const declaredSites = async () => {
      const { rows } = await database.query<{ name: string }>(sql`
        SELECT name FROM ledger.site WHERE declared ORDER BY name`);
      return rows.map(({ name }) => name);
    };
    return { ...fixture, database, renew, declaredSites };
  };

  it('passes to another portal if its holder does not renew it, and the old holder can no longer write', async () => {
    const { ledger, renew } = await setUp();
    const lease = { name: siteLease('a'), holder: 'one' };
    expect(await renew('one', 0)).toEqual(['inbox', 'site/a', 'site/b']);
    await ledger.fold('a', sweep([reading(NOON, 0)]), lease);
    expect(await renew('two')).toEqual(['inbox', 'site/a', 'site/b']);
    const late = sweep([reading(NOON + MINUTE, HOUR)]);
    await expect(ledger.fold('a', late, lease)).rejects.toThrow("is now another portal's");
    await expect(ledger.foldLate('a', [late], lease)).rejects.toThrow("is now another portal's");
    await expect(ledger.recordFailure('a', NOON + HOUR, 'late', lease)).rejects.toThrow(
      "is now another portal's",
    );
    await ledger.fold('a', late, { ...lease, holder: 'two' });
    expect(
      (await ledger.sites({ scope: EVERYTHING })).map(({ name, lastError }) => [name, lastError]),
    ).toEqual([
      ['a', undefined],
      ['b', undefined],
    ]);
    expect(columns((await ledger.usage(query({ step: 'total' }))).data, 'amount')).toEqual([[1]]);
    expect(await ledger.verify()).toEqual([]);
  });

  it('passes to another portal if its holder hangs while it renews it', async () => {
    const { connection, renew } = await setUp();
    let [hang, goOn] = [(): void => undefined, (): void => undefined];
    const hangs = new Promise<void>((resolve) => (hang = resolve));
    const goesOn = new Promise<void>((resolve) => (goOn = resolve));
    const hanging = storeOn(connection, async (statement) => {
      if (!statement.includes('FROM ledger.lease ORDER BY')) return;
      hang();
      await goesOn;
    });
    const failure = renewLeases(hanging, 'one', BOTH, 1_000).catch((error: unknown) => error);
    await hangs;
    expect(await renew('two')).toEqual(['inbox', 'site/a', 'site/b']);
    goOn();
    expect(await failure).toBeInstanceOf(Error);
  });

  it('is free for another portal only after a portal with more than its share releases it', async () => {
    const { database, renew } = await setUp();
    await renew('one');
    expect(await renew('two')).toEqual([]);
    const { held, surplus } = await renewLeases(database, 'one', BOTH, LONG_MS);
    expect([[...held].toSorted(), surplus]).toEqual([['inbox', 'site/a'], ['site/b']]);
    expect(await renew('two')).toEqual([]);
    await releaseLeases(database, 'one', surplus);
    expect(await renew('two')).toEqual(['site/b']);
  });

  it('is free at once after an orderly end of its holder', async () => {
    const { database, renew } = await setUp();
    await renew('one');
    await removePortal(database, 'one');
    expect(await renew('two')).toEqual(['inbox', 'site/a', 'site/b']);
  });

  it('goes to a portal that reads other sites, so that no site stays unread', async () => {
    const { renew } = await setUp();
    await renew('one');
    expect(await renew('two', LONG_MS, ['a', 'b', 'c'])).toEqual(['site/c']);
  });

  it('keeps a site declared while the configuration of any living portal names it', async () => {
    const { ledger, renew, declaredSites, database } = await setUp();
    await renew('one');
    // The second portal's configuration has a new site and one that only a sender writes, and no longer has b.
    await ledger.declareSites(sitesNamed('a', 'c', 'written'));
    await renew('two', LONG_MS, ['a', 'c'], ['a', 'c', 'written']);
    expect(await declaredSites()).toEqual(['a', 'b', 'c', 'written']);
    // The first portal starts again with its old configuration, and then with the new one.
    await ledger.declareSites(sitesNamed('a', 'b'));
    await renew('one');
    expect(await declaredSites()).toEqual(['a', 'b', 'c', 'written']);
    await ledger.declareSites(sitesNamed('a', 'c', 'written'));
    await renew('one', LONG_MS, ['a', 'c'], ['a', 'c', 'written']);
    expect(await declaredSites()).toEqual(['a', 'c', 'written']);
    await removePortal(database, 'one');
    await removePortal(database, 'two');
    await ledger.declareSites(sitesNamed('a'));
    expect(await declaredSites()).toEqual(['a']);
  });

  it('lets a portal that seemed dead declare its sites again', async () => {
    const { renew, declaredSites } = await setUp();
    await renew('one', 0);
    await renew('two', LONG_MS, ['a']);
    expect(await declaredSites()).toEqual(['a']);
    await renew('one');
    expect(await declaredSites()).toEqual(['a', 'b']);
  });
});
