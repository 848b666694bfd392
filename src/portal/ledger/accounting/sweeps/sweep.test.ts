import { describe, expect, it } from 'vitest';
import { MS_PER_HOUR } from '../../../../prometheus/usage-metrics.ts';
import { InMemoryBook as Book, METER, reading } from '../../../../../test/ledger/in-memory-book.ts';

const HOUR = MS_PER_HOUR;
const MINUTE = 60_000;

describe('a site that is read for the first time', () => {
  it('opens with balances, and counts from then on (A5)', () => {
    const book = new Book();
    expect(book.fold(reading(0, 1_000))).toEqual({ folded: 1, ignored: 0, anomalies: 0 });
    book.fold(reading(MINUTE, 1_060));
    expect(book.meters.get(METER)).toEqual({
      epoch: 'a',
      opening: 1_000n,
      lastTotal: 1_060n,
      firstAtMs: 0,
      lastAtMs: MINUTE,
    });
    expect(book.hours()).toEqual([[0, 60n, 0n]]);
  });

  it('opens with a balance for late parts of its very first reading', () => {
    const book = new Book();
    book.fold(reading(MINUTE, 5));
    book.fold(reading(MINUTE, 7, { projectId: 'p2' }));
    expect(book.meters.get('\0p2\0vcpu')?.opening).toBe(7n);
  });

  it('opens with balances for exporters with totals up to different instants', () => {
    const book = new Book();
    book.fold(reading(0, 5), reading(20_000, 7, { projectId: 'p2' }));
    expect(book.meters.get('\0p2\0vcpu')?.opening).toBe(7n);
    expect(book.usage('\0p2\0vcpu')).toBe(0n);
  });

  it('does not make its other clouds known: they open with balances, too', () => {
    const book = new Book();
    book.fold(reading(0, 5));
    book.fold(reading(MINUTE, 100, { cloud: 'west' }));
    expect(book.meters.get('west\0p1\0vcpu')?.opening).toBe(100n);
    expect(book.usage('west\0p1\0vcpu')).toBe(0n);
  });

  it('opens with a balance for late parts of the first reading of another cloud, even if its epoch is known', () => {
    const book = new Book();
    book.fold(reading(0, 5));
    book.fold(reading(MINUTE, 100, { cloud: 'west' }));
    book.fold(reading(MINUTE, 7, { cloud: 'west', projectId: 'p2' }));
    expect(book.meters.get('west\0p2\0vcpu')?.opening).toBe(7n);
    expect(book.usage('west\0p2\0vcpu')).toBe(0n);
  });
});

describe('server hours, a family of series of its own', () => {
  const servers = (state: string) => ({ resource: 'server', servers: { flavor: 'a/1/2/3/0/0/0', state } });
  const keyOf = (state: string) => `\0p1\0server\0a/1/2/3/0/0/0\0${state}`;

  it('open with balances when a known cloud has them for the first time (A5)', () => {
    const book = new Book();
    book.fold(reading(0, 5));
    book.fold(reading(MINUTE, 6), reading(MINUTE, 1_000 * HOUR, servers('active')));
    book.fold(reading(MINUTE, 2_000 * HOUR, servers('stopped')));
    expect(['active', 'stopped'].map((state) => book.usage(keyOf(state)))).toEqual([0n, 0n]);
    expect(book.meters.get(keyOf('active'))?.opening).toBe(1_000n * BigInt(HOUR));
  });

  it('open with balances at each exporter of a cloud that has them for the first time, however long its epoch is known', () => {
    const book = new Book();
    book.fold(reading(0, 5, servers('active')), reading(0, 5, { projectId: 'p2', epoch: 'b' }));
    book.fold(reading(MINUTE, 6, servers('active')), reading(MINUTE, 6, { projectId: 'p2', epoch: 'b' }));
    const months = { ...servers('active'), projectId: 'p2', epoch: 'b' };
    book.fold(reading(2 * MINUTE, 7, servers('active')), reading(2 * MINUTE, 1_000 * HOUR, months));
    book.fold(reading(3 * MINUTE, 1_000 * HOUR + 9, months));
    expect(book.usage('\0p2\0server\0a/1/2/3/0/0/0\0active')).toBe(9n);
  });

  it('of a new flavor or state began at zero at the last reading of the family, not of the cloud', () => {
    const book = new Book();
    book.fold(reading(0, 5), reading(0, 9, servers('active')));
    book.fold(reading(HOUR, 6));
    book.fold(reading(2 * HOUR, 7), reading(2 * HOUR, 2 * HOUR, servers('unknown')));
    expect(book.hours(keyOf('unknown')).map(([, amount]) => Number(amount))).toEqual([HOUR, HOUR]);
  });

  it('may rest for long and then rise, which is no jump', () => {
    const book = new Book();
    book.fold(reading(0, 0, servers('shelved')));
    book.fold(reading(MINUTE, 1, servers('shelved')));
    book.fold(reading(HOUR * 10_000, 1, servers('shelved')));
    expect(book.fold(reading(HOUR * 10_001, HOUR, servers('shelved')))).toMatchObject({ anomalies: 0 });
  });
});

describe('a new meter at a site that is being read', () => {
  it("began at zero at the site's previous reading (A5)", () => {
    const book = new Book();
    book.fold(reading(58 * MINUTE, 5));
    book.fold(reading(62 * MINUTE, 9), reading(62 * MINUTE, 400, { projectId: 'p2' }));
    expect(book.hours('\0p2\0vcpu')).toEqual([
      [0, 200n, 0n],
      [1, 200n, 0n],
    ]);
  });

  it('began there, too, if it comes in a later part of the same reading', () => {
    const book = new Book();
    book.fold(reading(0, 5));
    book.fold(reading(MINUTE, 9));
    book.fold(reading(MINUTE, 400, { projectId: 'p2' }));
    expect(book.hours('\0p2\0vcpu')).toEqual([[0, 400n, 0n]]);
  });
});

describe('names', () => {
  it('are attributes with a history: a renamed project continues to count', () => {
    const book = new Book();
    book.fold(reading(0, 0));
    book.fold(reading(MINUTE, 60, { projectName: 'two' }));
    book.fold(reading(2 * MINUTE, 120, { projectName: 'two', domainName: 'Other' }));
    expect(book.usage()).toBe(120n);
    expect(book.history).toEqual([
      ['\0p1', 'one', 0],
      ['\0p1', 'two', MINUTE],
      ['\0p1', 'two', 2 * MINUTE],
    ]);
  });

  it('are not taken from an ignored reading', () => {
    const book = new Book();
    book.fold(reading(MINUTE, 60));
    book.fold(reading(0, 0, { projectName: 'old' }));
    expect(book.history).toEqual([['\0p1', 'one', MINUTE]]);
  });
});

describe('coverage', () => {
  it('is the time between the readings of the site, hour by hour, with gaps marked', () => {
    const book = new Book();
    for (const atMs of [0, 59 * MINUTE, 61 * MINUTE, 3.5 * HOUR]) book.fold(reading(atMs, 0));
    expect([...book.coverage]).toEqual([
      [0, { measuredMs: 60 * MINUTE, spreadMs: 0 }],
      [1, { measuredMs: MINUTE, spreadMs: 59 * MINUTE }],
      [2, { measuredMs: 0, spreadMs: HOUR }],
      [3, { measuredMs: 0, spreadMs: 30 * MINUTE }],
    ]);
  });
});
