import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { atOnce } from '../../../prometheus/steps.ts';
import { billSteps, CHARGE_DIMENSIONS, type Bill, type ChargeDimension, type OwnedUsage } from './bill.ts';
import { billingByAccount, billingByBook, partsBetween } from './billing.ts';
import { charge } from './charge.ts';
import { exactText } from './fraction.ts';
import type { Mark } from './marks.ts';
import type { BookVersion, PriceBook } from './price-book.ts';
import { denominatorsOf } from './units.ts';

const billOf = (...asked: Parameters<typeof billSteps>) => atOnce(billSteps(...asked));

const HOUR = 3_600_000;
const START = Date.UTC(2026, 0);
const HOURS = 40;
const at = (hour: number) => new Date(START + hour * HOUR).toISOString().replace('.000Z', 'Z');

const versionOf = (from: number, others: Partial<BookVersion>): BookVersion => ({
  from: at(from),
  server: [],
  states: {},
  resource: [],
  fallback: [],
  ...others,
});
const bookOf = (name: string, ...version: BookVersion[]): PriceBook => ({
  name,
  unit: name,
  scale: 2,
  rounding: 'half-up',
  version,
});
const vcpus = (price: string) => [
  { name: 'all', flavor: {}, sum: [{ price, per: { vcpu: 1 }, whole_units: false, steps: [] }] },
];
/** By servers from the hour 5 on, with other prices from the hour 20 on. */
const CREDITS = bookOf(
  'credits',
  versionOf(5, {
    server: vcpus('1'),
    states: { stopped: '0.5' },
    fallback: [{ resource: 'vcpu', per: 1, price: '2' }],
  }),
  versionOf(20, { server: vcpus('3'), resource: [{ resource: 'volume_gb', per: 1000, price: '0.7' }] }),
);
/** By resources. */
const EUR = bookOf('EUR', versionOf(-9, { resource: [{ resource: 'vcpu', per: 3, price: '0.01' }] }));

const BILLING = billingByAccount(
  [{ name: 'g1', account: 'uni' }, { name: 'g2', account: 'lab' }, { name: 'g3' }],
  [
    {
      account: 'uni',
      books: [
        { fromMs: START, book: CREDITS },
        { fromMs: START + 30 * HOUR, book: EUR },
      ],
    },
    { account: 'lab', books: [{ fromMs: START + 9 * HOUR, book: EUR }] },
  ],
);

/** Usage of an hour. Beside server hours is the usage of their vCPUs, or a part of it. */
const usages: fc.Arbitrary<OwnedUsage[]> = fc
  .array(
    fc.record({
      grant: fc.constantFrom(null, 'g1', 'g2', 'g3', 'unseen'),
      site: fc.constantFrom('a', 'b'),
      projectId: fc.constantFrom('p', 'q'),
      startMs: fc.nat(HOURS - 1).map((hour) => START + hour * HOUR),
      amountMs: fc.bigInt({ min: -5_000_000n, max: 50_000_000n }),
      what: fc.constantFrom('vcpu', 'volume_gb', 'active', 'stopped'),
    }),
    { maxLength: 30 },
  )
  .map((rows) =>
    rows.flatMap(({ what, ...row }) => {
      const owned = { ...row, stepMs: START, projectName: row.projectId, cloud: '' };
      if (what === 'vcpu' || what === 'volume_gb') return [{ ...owned, resource: what }];
      return [
        { ...owned, resource: 'server', flavor: 'm1/2/2048/20/0/0/0', state: what },
        { ...owned, resource: 'vcpu', amountMs: 2n * row.amountMs + 3n },
      ];
    }),
  );
const dimensions: fc.Arbitrary<Set<ChargeDimension>> = fc
  .subarray([...CHARGE_DIMENSIONS])
  .map((some) => new Set(some));

function exact(rows: Bill['totals']): Record<string, string> {
  const sums = new Map<PriceBook, bigint>();
  for (const { book, charge: one } of rows) sums.set(book, (sums.get(book) ?? 0n) + one);
  return Object.fromEntries(
    [...sums]
      .filter(([, sum]) => sum !== 0n)
      .map(([book, numerator]) => [
        book.name,
        exactText({ numerator, denominator: denominatorsOf(book).charge }),
      ]),
  );
}

/** Each hour's usage by itself, with the book that its grant's account has then. */
function oracle(usage: readonly OwnedUsage[]): Record<string, string> {
  const charged = usage.flatMap((row) => {
    const hour = (row.startMs - START) / HOUR;
    const book =
      row.grant === 'g1' ? (hour < 30 ? CREDITS : EUR) : row.grant === 'g2' && hour >= 9 ? EUR : undefined;
    return book === undefined ? [] : [{ row, book }];
  });
  return exact(
    [CREDITS, EUR].map((book) => ({
      book,
      charge: charge(
        charged.flatMap((one) => (one.book === book ? [one.row] : [])),
        book,
      ).total,
    })),
  );
}

describe('a bill', () => {
  it('adds up to the charges of all usage, for any choice of rows', () => {
    fc.assert(
      fc.property(usages, dimensions, (usage, by) => {
        const bill = billOf(usage, by, BILLING);
        expect(exact(bill.rows)).toEqual(oracle(usage));
        expect(exact(bill.totals)).toEqual(oracle(usage));
      }),
    );
  });

  it('of parts of the time, of grants or of projects adds up to the bill of the whole', () => {
    fc.assert(
      fc.property(usages, dimensions, fc.func(fc.nat(2)), (usage, by, partOf) => {
        const parts = [0, 1, 2].map((part) =>
          usage.filter((row) => partOf(row.grant, row.startMs, row.projectId) === part),
        );
        expect(exact(parts.flatMap((part) => billOf(part, by, BILLING).rows))).toEqual(
          exact(billOf(usage, by, BILLING).rows),
        );
      }),
    );
  });

  it('changes by the price of a correction, also of one that comes late', () => {
    fc.assert(
      fc.property(usages, usages, dimensions, (usage, late, by) => {
        const [before, more, after] = [usage, late, [...usage, ...late]].map((all) =>
          billOf(all, by, BILLING),
        );
        expect(exact([...(before?.rows ?? []), ...(more?.rows ?? [])])).toEqual(exact(after?.rows ?? []));
      }),
    );
  });

  it('leaves out what is under a mark, and lists it with the reason', () => {
    const marks: Mark[] = [
      {
        name: 'outage',
        reason: 'power cut',
        site: 'a',
        projectId: 'p',
        fromMs: START + 3 * HOUR,
        toMs: START + 25 * HOUR,
      },
      { name: 'trial', reason: 'a gift', account: 'lab', fromMs: START + 12 * HOUR, toMs: Infinity },
    ];
    const marked = (row: OwnedUsage) => {
      const hour = (row.startMs - START) / HOUR;
      const isInOutage = row.site === 'a' && row.projectId === 'p' && hour >= 3 && hour < 25;
      return isInOutage || (row.grant === 'g2' && hour >= 12);
    };
    fc.assert(
      fc.property(usages, dimensions, (usage, by) => {
        const bill = billOf(usage, by, { ...BILLING, marks });
        expect(exact(bill.rows)).toEqual(oracle(usage.filter((row) => !marked(row))));
        const sum = usage.filter(marked).reduce((all, { amountMs }) => all + amountMs, 0n);
        expect(bill.marked.reduce((all, { amountMs }) => all + amountMs, 0n)).toBe(sum);
      }),
    );
  });

  it('by the same book is the same for every grant, and leaves only what has no price', () => {
    fc.assert(
      fc.property(usages, dimensions, (usage, by) => {
        const bill = billOf(usage, by, billingByBook(EUR, []));
        expect(exact(bill.rows)).toEqual(exact([{ book: EUR, charge: charge(usage, EUR).total }]));
        expect([...new Set(bill.unpriced.map(({ reason }) => reason))]).toEqual(
          bill.unpriced.length === 0 ? [] : ['no price matches'],
        );
      }),
    );
  });

  it('lists all usage of those who have no book, with the reason', () => {
    fc.assert(
      fc.property(usages, (usage) => {
        const { unpriced } = billOf(usage, new Set(['grant']), BILLING);
        const sumOf = (rows: readonly { amountMs: bigint }[]) =>
          rows.reduce((sum, row) => sum + row.amountMs, 0n);
        for (const [grant, reason] of [
          [null, 'no grant has the project'],
          ['g3', 'the grant has no account'],
          ['unseen', 'you see only a part of the grant'],
        ] as const)
          expect(sumOf(unpriced.filter((row) => row.reason === reason))).toBe(
            sumOf(usage.filter((row) => row.grant === grant)),
          );
      }),
    );
  });
});

it('takes server hours only from resources of the same cloud, for any choice of rows', () => {
  const fallback = [{ resource: 'disk_gb', per: 1, price: '1' }];
  const billing = billingByBook(bookOf('credits', versionOf(0, { server: vcpus('1'), fallback })), []);
  const row = { site: 'a', grant: 'g1', projectId: 'p', projectName: 'p', startMs: START, stepMs: START };
  const usage = [
    { ...row, cloud: 'disks', resource: 'disk_gb', amountMs: BigInt(200 * HOUR) },
    // The other cloud does not meter disks.
    {
      ...row,
      cloud: 'other',
      resource: 'server',
      flavor: 'm1/2/2048/20/0/0/0',
      state: 'active',
      amountMs: BigInt(100 * HOUR),
    },
  ];
  for (const by of [[], ['grant'], ['cloud'], ['cloud', 'resource']] as const) {
    const { totals } = billOf(usage, new Set(by), billing);
    expect(exact(totals)).toEqual({ credits: '400' });
  }
});

it('lists no negative usage of GPUs, whose weights server hours do not have', () => {
  const billing = billingByBook(bookOf('credits', versionOf(0, { server: vcpus('1') })), []);
  const row = { site: 'a', projectId: 'p', projectName: 'p', startMs: START, stepMs: START };
  const gpus = (amount: number) => ({ ...row, resource: 'gpu', amountMs: BigInt(amount * HOUR) });
  const servers = {
    ...row,
    resource: 'server',
    flavor: 'g1/2/2048/20/0/0/a100=1',
    state: 'active',
    amountMs: BigInt(100 * HOUR),
  };
  const unpriced = (usage: OwnedUsage[]) =>
    billOf(usage, new Set<never>(), billing).unpriced.map(({ resource, amountMs }) => [resource, amountMs]);
  expect(unpriced([gpus(25), servers])).toEqual([]);
  expect(unpriced([gpus(125), servers])).toEqual([['gpu', BigInt(25 * HOUR)]]);
});

it('names the prices that match nothing, although they match nothing of one grant only', () => {
  const row = {
    site: 'a',
    startMs: START + 21 * HOUR,
    stepMs: START,
    amountMs: 1n,
    grant: 'g1',
  };
  const usage = [
    { ...row, resource: 'server', flavor: 'm1/2/2048/20/0/0/0', state: 'active' },
    { ...row, startMs: START + 6 * HOUR, resource: 'vcpu' },
  ];
  const other = { ...row, grant: 'g2', resource: 'vcpu' };
  const { unused } = billOf([...usage, other], new Set(['grant']), BILLING);
  expect(unused.map(({ book, from, price }) => [book.name, from, price])).toEqual([
    ['credits', at(20), 'volume_gb'],
    ['credits', at(5), 'all'],
  ]);
});

it('comes in steps, so that a year of many projects blocks nobody', () => {
  const usage = Array.from({ length: 5_000 }, (_, project) => ({
    site: 'a',
    resource: 'vcpu',
    projectId: `p${project}`,
    startMs: START,
    stepMs: START,
    amountMs: 1n,
  }));
  const steps = billSteps(usage, new Set(['project']), billingByBook(EUR, []));
  let ended = 0;
  while (steps.next().done !== true) ended += 1;
  expect(ended).toBe(4 + 5);
});

describe('the parts of a period', () => {
  it('are those between the borders within it', () => {
    expect(partsBetween({ fromMs: 10, toMs: 20 }, [20, 15, 5, 15, 10, 12, 30])).toEqual([
      { fromMs: 10, toMs: 12 },
      { fromMs: 12, toMs: 15 },
      { fromMs: 15, toMs: 20 },
    ]);
  });

  it('do not end where a version has the prices of the one before', () => {
    const prices = (price: string) => ({ resource: [{ resource: 'vcpu', per: 1, price }] });
    const book = bookOf(
      'credits',
      versionOf(0, prices('1')),
      versionOf(4, prices('2')),
      versionOf(6, prices('3')),
      versionOf(6, prices('2')),
      versionOf(9, prices('4')),
    );
    expect(billingByBook(book, []).borders).toEqual([0, 4, 9].map((hour) => START + hour * HOUR));
  });

  it('names a price that matches nothing once, however many steps the answer has', () => {
    let named = 0;
    const unused = {
      resource: 'gpu',
      per: 1,
      price: '1',
      get site() {
        named++;
        return 'b';
      },
    };
    const book = bookOf(
      'many',
      versionOf(0, { resource: [unused, { resource: 'vcpu', per: 1, price: '1' }] }),
    );
    const usage = Array.from({ length: HOURS }, (_, hour) => {
      const startMs = START + hour * HOUR;
      return { site: 'a', resource: 'vcpu', startMs, stepMs: startMs, amountMs: 1n };
    });
    const billing = billingByBook(book, []);
    named = 0;
    const bill = billOf(usage, new Set(), billing);
    expect(bill.rows).toHaveLength(HOURS);
    expect(bill.unused).toEqual([{ book, from: at(0), price: 'gpu at b' }]);
    expect(named).toBe(1);
  });
});
