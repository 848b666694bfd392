import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { charge, type Usage } from './charge.ts';
import { exactText, rounded } from './fraction.ts';
import {
  ROUNDINGS,
  SERVER_RESOURCES,
  type BookVersion,
  type PriceBook,
  type ResourcePrice,
  type ServerPrice,
  type UnitPrice,
} from './price-book.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 0);
const HOURS = 40;
const atHour = (hour: number) => new Date(START + hour * HOUR).toISOString().replace('.000Z', 'Z');

const FLAVORS = [
  { label: 'm1/1/2048/20/0/0/0', name: 'm1', vcpu: 1, mb: 2048, disk_gb: 20, gpu: 0 },
  { label: 'm2/3/7000/0/0/0/0', name: 'm2', vcpu: 3, mb: 7000, disk_gb: 0, gpu: 0 },
  { label: 'g1/8/65536/80/0/0/a100=2', name: 'g1', vcpu: 8, mb: 65_536, disk_gb: 80, gpu: 2 },
];
const STATES = ['active', 'stopped', 'unknown'];
const decimals = (places: number) =>
  fc
    .tuple(fc.nat(500), fc.nat(10 ** places - 1))
    .map(([whole, rest]) => `${whole}.${String(rest).padStart(places, '0')}`.replace(/\.?0+$/, '') || '0');
const size = fc.integer({ min: 1, max: 9000 });
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

const unitPrices: fc.Arbitrary<UnitPrice> = fc.record({
  price: decimals(3),
  per: fc.record({ vcpu: maybe(size), mb: maybe(size), gpu: maybe(size) }),
  whole_units: fc.boolean(),
  steps: fc
    .uniqueArray(fc.nat(20), { maxLength: 3 })
    .chain((above) =>
      fc.tuple(
        ...above
          .sort((a, b) => a - b)
          .map((one) => fc.record({ above: fc.constant(one), factor: decimals(2) })),
      ),
    ),
});
const serverPrices: fc.Arbitrary<ServerPrice> = fc.record({
  name: fc.string(),
  site: maybe(fc.constantFrom('a', 'b')),
  flavor: fc.record({
    name: maybe(fc.constantFrom('m*', 'm2', 'g1')),
    gpu: maybe(fc.constantFrom('a100', 'h*')),
  }),
  sum: fc.array(unitPrices, { minLength: 1, maxLength: 2 }),
});
const resourcePrices = (resources: readonly string[]): fc.Arbitrary<ResourcePrice[]> =>
  fc.array(
    fc.record({
      resource: fc.constantFrom(...resources),
      site: maybe(fc.constantFrom('a', 'b')),
      per: size,
      price: decimals(3),
    }),
    { maxLength: 4 },
  );
const own = [...SERVER_RESOURCES];
const versions: fc.Arbitrary<Omit<BookVersion, 'from'>> = fc.oneof(
  fc.record({
    server: fc.array(serverPrices, { minLength: 1, maxLength: 4 }),
    states: fc.dictionary(fc.constantFrom(...STATES), decimals(2)),
    resource: resourcePrices(['volume_gb']),
    fallback: resourcePrices(own),
  }),
  fc.record({
    server: fc.constant([]),
    states: fc.constant({}),
    resource: resourcePrices([...own, 'volume_gb']),
    fallback: fc.constant([]),
  }),
);
const books: fc.Arbitrary<PriceBook> = fc.record({
  name: fc.constant('b'),
  unit: fc.constant('credits'),
  scale: fc.nat(4),
  rounding: fc.constantFrom(...ROUNDINGS),
  version: fc
    .tuple(
      fc.uniqueArray(fc.integer({ min: -5, max: HOURS }), { minLength: 1, maxLength: 3 }),
      fc.array(versions, { minLength: 3, maxLength: 3 }),
    )
    .map(([starts, prices]) =>
      starts
        .sort((a, b) => a - b)
        .map((hour, index) => ({ from: atHour(hour), ...(prices[index] as (typeof prices)[0]) })),
    ),
});

/** The usage of a project in an hour: any mixture of server hours and resources, corrections too. */
interface ProjectUsage extends Usage {
  project: string;
}
const usages: fc.Arbitrary<ProjectUsage[]> = fc.array(
  fc
    .record({
      project: fc.constantFrom('p', 'q'),
      site: fc.constantFrom('a', 'b', 'c'),
      startMs: fc.nat(HOURS - 1).map((hour) => START + hour * HOUR),
      amountMs: fc.bigInt({ min: -5_000_000n, max: 50_000_000n }),
      what: fc.oneof(
        fc.record({ flavor: fc.constantFrom(...FLAVORS), state: fc.constantFrom(...STATES) }),
        fc.constantFrom(...own, 'volume_gb'),
      ),
    })
    .map(({ what, ...row }) =>
      typeof what === 'string'
        ? { ...row, resource: what }
        : { ...row, resource: 'server', flavor: what.flavor.label, state: what.state },
    ),
  { maxLength: 25 },
);

/** A fraction of its own: decimals become tenths of tenths, and nothing has a common denominator. */
class Exact {
  readonly over: bigint;
  readonly under: bigint;

  constructor(over: bigint, under = 1n) {
    this.over = over;
    this.under = under;
  }

  static of(decimal: string): Exact {
    const places = decimal.split('.')[1]?.length ?? 0;
    return new Exact(BigInt(decimal.replace('.', '')), 10n ** BigInt(places));
  }

  plus({ over, under }: Exact): Exact {
    return new Exact(this.over * under + over * this.under, this.under * under);
  }

  times({ over, under }: Exact): Exact {
    return new Exact(this.over * over, this.under * under);
  }

  isAbove({ over, under }: Exact): boolean {
    return this.over * under > over * this.under;
  }

  text(): string {
    return exactText({ numerator: this.over, denominator: this.under });
  }
}

/**
 * The charge row by row, without sums: each server hour has its price, and takes the fallback of its own vCPUs, memory and so
 * on away.
 */
function oracle(usage: readonly Usage[], book: PriceBook): Exact {
  return usage.map((row) => rowCharge(row, book)).reduce((sum, one) => sum.plus(one), new Exact(0n));
}

function newestOf({ version }: PriceBook, startMs: number): BookVersion | undefined {
  return version.toReversed().find(({ from }) => new Date(from).getTime() <= startMs);
}

function rowCharge({ site, resource, flavor, state = '', startMs, amountMs }: Usage, book: PriceBook): Exact {
  const inForce = newestOf(book, startMs);
  if (inForce === undefined) return new Exact(0n);
  const hours = new Exact(amountMs, BigInt(HOUR));
  const ofSite = inForce.server.filter((price) => (price.site ?? site) === site);
  const resourceRate = (prices: readonly ResourcePrice[], name: string) => {
    const found =
      prices.find((price) => price.resource === name && price.site === site) ??
      prices.find((price) => price.resource === name && price.site === undefined);
    return found === undefined
      ? new Exact(0n)
      : Exact.of(found.price).times(new Exact(1n, BigInt(found.per)));
  };
  if (resource !== 'server') {
    const prices = ofSite.length > 0 && SERVER_RESOURCES.has(resource) ? inForce.fallback : inForce.resource;
    return resourceRate(prices, resource).times(hours);
  }
  const facts = FLAVORS.find(({ label }) => label === flavor);
  if (ofSite.length === 0 || facts === undefined) return new Exact(0n);
  const factor = Exact.of(inForce.states[state] ?? '1');
  const price = ofSite.find(({ flavor: { name = '*', gpu } }) => {
    const isOfName = new RegExp(`^${name.replace('*', '.*')}$`).test(facts.name);
    return isOfName && (gpu === undefined || (gpu === 'a100' && facts.gpu > 0));
  });
  return (price?.sum ?? [])
    .map((part) => partRate(part, facts).times(factor))
    .reduce((sum, one) => sum.plus(one), new Exact(0n))
    .times(hours);
}

function partRate({ price, per, whole_units, steps }: UnitPrice, facts: (typeof FLAVORS)[number]): Exact {
  const shares = (['vcpu', 'mb', 'gpu'] as const).flatMap((name) =>
    per[name] === undefined ? [] : [new Exact(BigInt(facts[name]), BigInt(per[name]))],
  );
  let units = shares[0] ?? new Exact(1n);
  for (const share of shares) if (share.isAbove(units)) units = share;
  if (whole_units) {
    let whole = 0n;
    while (units.isAbove(new Exact(whole))) whole += 1n;
    units = new Exact(whole);
  }
  let factor = '1';
  for (const step of steps) if (units.isAbove(new Exact(BigInt(step.above)))) ({ factor } = step);
  return units.times(Exact.of(factor)).times(Exact.of(price));
}

/** Server rows whose resources are used too, so that only the rest takes the fallback. */
function withResources(usage: readonly ProjectUsage[]): ProjectUsage[] {
  return usage.flatMap((row) => {
    const facts = FLAVORS.find(({ label }) => label === row.flavor);
    if (facts === undefined) return [row];
    const amounts = { ...facts, instance: 1 };
    return [
      row,
      ...(['vcpu', 'mb', 'disk_gb', 'gpu', 'instance'] as const).map((resource) => {
        const { project, site, startMs, amountMs } = row;
        return { project, site, startMs, resource, amountMs: amountMs * BigInt(amounts[resource]) };
      }),
    ];
  });
}

function exactOf(usage: readonly Usage[], book: PriceBook): string {
  const { total, denominators } = charge(usage, book);
  return exactText({ numerator: total, denominator: denominators.charge });
}

/** The oracle's charge: resources of servers that server hours explain cost nothing beside them. */
function truthOf(usage: readonly ProjectUsage[], book: PriceBook): Exact {
  const added = withResources(usage).filter((row) => !usage.includes(row));
  const counted = added.filter(({ site, startMs }) => {
    const inForce = newestOf(book, startMs);
    return inForce?.server.every((price) => (price.site ?? site) !== site) === true;
  });
  return oracle([...usage, ...counted], book);
}

describe('charges', () => {
  it('equal those of an oracle that charges row by row', () => {
    fc.assert(
      fc.property(usages, books, (usage, book) => {
        expect(exactOf(withResources(usage), book)).toBe(truthOf(usage, book).text());
      }),
      { numRuns: 150 },
    );
  });

  it('of parts add up to the charge of the whole, for any division by project, hour, site or within an hour', () => {
    fc.assert(
      fc.property(
        usages,
        books,
        fc.func(fc.nat(3)),
        fc.bigInt({ min: 0n, max: 9n }),
        (usage, book, partOf, tenths) => {
          const whole = charge(withResources(usage), book);
          const early = usage.map((row) => ({ ...row, amountMs: (row.amountMs * tenths) / 10n }));
          const late = usage.map((row) => ({
            ...row,
            amountMs: row.amountMs - (row.amountMs * tenths) / 10n,
          }));
          const parts = [0, 1, 2, 3].map((part) =>
            withResources(
              early.filter(({ project, startMs, site }) => partOf(project, startMs, site) === part),
            ),
          );
          const sum = [...parts, withResources(late)]
            .map((part) => charge(part, book))
            .reduce((total, { denominators, ...part }) => {
              expect(denominators).toEqual(whole.denominators);
              return total + part.total;
            }, 0n);
          expect(sum).toBe(whole.total);
          expect(whole.lines.reduce((total, line) => total + line.charge, 0n)).toBe(whole.total);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('stay the same where a version begins that changes no price', () => {
    fc.assert(
      fc.property(usages, books, fc.nat(HOURS), (usage, book, hour) => {
        const from = atHour(hour);
        const before = book.version.findLast((version) => version.from < from);
        const isThere = book.version.some((version) => version.from === from);
        if (before === undefined || isThere) return;
        const version = [...book.version, { ...before, from }].sort((a, b) => (a.from < b.from ? -1 : 1));
        const rows = withResources(usage);
        expect(exactOf(rows, { ...book, version })).toBe(exactOf(rows, book));
      }),
      { numRuns: 150 },
    );
  });

  it('change by the price of a correction', () => {
    fc.assert(
      fc.property(usages, usages, books, (usage, corrections, book) => {
        const [one, other, both] = [usage, corrections, [...usage, ...corrections]].map(
          (rows) => charge(withResources(rows), book).total,
        );
        expect(both).toBe((one ?? 0n) + (other ?? 0n));
      }),
      { numRuns: 150 },
    );
  });

  it('of equal books are equal, however they are written', () => {
    fc.assert(
      fc.property(usages, books, fc.integer({ min: 2, max: 50 }), (usage, book, times) => {
        const rows = withResources(usage);
        const version = book.version.map(({ resource, fallback, ...others }) => ({
          ...others,
          resource: resource.map((price) => larger(price, times)),
          fallback: fallback.map((price) => larger(price, times)),
        }));
        expect(exactOf(rows.toReversed(), { ...book, version })).toBe(exactOf(rows, book));
      }),
      { numRuns: 150 },
    );
  });

  it('are rounded once: less than one last place from the exact one', () => {
    fc.assert(
      fc.property(usages, books, (usage, book) => {
        const { total, denominators } = charge(usage, book);
        const shown = rounded(
          { numerator: total, denominator: denominators.charge },
          book.scale,
          book.rounding,
        );
        const difference = Exact.of(shown.replace('-', ''))
          .times(new Exact(shown.startsWith('-') ? -1n : 1n))
          .plus(new Exact(-total, denominators.charge));
        const place = new Exact(1n, 10n ** BigInt(book.scale) * (book.rounding.startsWith('half') ? 2n : 1n));
        expect(difference.isAbove(place)).toBe(false);
        expect(new Exact(-difference.over, difference.under).isAbove(place)).toBe(false);
      }),
      { numRuns: 150 },
    );
  });
});

/** The same price for a larger amount. */
function larger({ price, per, ...others }: ResourcePrice, times: number): ResourcePrice {
  const digits = BigInt(price.replace('.', '')) * BigInt(times);
  const places = price.split('.')[1]?.length ?? 0;
  return {
    ...others,
    per: per * times,
    price: rounded({ numerator: digits, denominator: 10n ** BigInt(places) }, places, 'down'),
  };
}
