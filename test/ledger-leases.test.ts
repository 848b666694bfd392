import { Pool } from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import { reading } from '../src/portal/ledger/accounting/in-memory-book.ts';
import { releaseLeases, removePortal, renewLeases, siteLease } from '../src/portal/leases/lease-store.ts';
import { columns, HOUR, MINUTE, NOON, onEveryPostgresql, query, sweep } from './ledger-fixture.ts';

const LONG_MS = 600_000;

onEveryPostgresql('a lease', (freshLedger) => {
  const setUp = async () => {
    const fixture = await freshLedger(['a', 'b']);
    const pool = new Pool(fixture.connection);
    onTestFinished(async () => await pool.end());
    const renew = async (portal: string, durationMs = LONG_MS, sites = ['a', 'b']) =>
      [...(await renewLeases(pool, portal, sites, durationMs)).held].toSorted();
    return { ...fixture, pool, renew };
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
    await ledger.fold('a', late, { ...lease, holder: 'two' });
    expect(columns((await ledger.usage(query({ step: 'total' }))).data, 'amount')).toEqual([[1]]);
    expect(await ledger.verify()).toEqual([]);
  });

  it('is given back by who has more than its share, and is free only then', async () => {
    const { pool, renew } = await setUp();
    await renew('one');
    expect(await renew('two')).toEqual([]);
    const { held, surplus } = await renewLeases(pool, 'one', ['a', 'b'], LONG_MS);
    expect([[...held].toSorted(), surplus]).toEqual([['inbox', 'site/a'], ['site/b']]);
    expect(await renew('two')).toEqual([]);
    await releaseLeases(pool, 'one', surplus);
    expect(await renew('two')).toEqual(['site/b']);
  });

  it('is free at once when its holder ends in order', async () => {
    const { pool, renew } = await setUp();
    await renew('one');
    await removePortal(pool, 'one');
    expect(await renew('two')).toEqual(['inbox', 'site/a', 'site/b']);
  });

  it('is not kept from a portal that reads other sites, so that none is left unread', async () => {
    const { renew } = await setUp();
    await renew('one');
    expect(await renew('two', LONG_MS, ['a', 'b', 'c'])).toEqual(['site/c']);
  });
});
