import { describe, expect, it } from 'vitest';
import { charge, priceWords, type Usage } from './charge.ts';
import { shortText } from './fraction.ts';
import type { BookVersion, PriceBook, ServerPrice, UnitPrice } from './price-book.ts';

const HOUR = 3_600_000n;
const JANUARY = '2026-01-01T00:00:00Z';
const JULY = '2026-07-01T00:00:00Z';

const part = (price: string, others: Partial<UnitPrice> = {}): UnitPrice => ({
  price,
  per: {},
  whole_units: false,
  steps: [],
  ...others,
});
const servers = (name: string, sum: UnitPrice[], others: Partial<ServerPrice> = {}): ServerPrice => ({
  name,
  flavor: {},
  sum,
  ...others,
});
const version = (others: Partial<BookVersion>): BookVersion => ({
  from: JANUARY,
  server: [],
  states: {},
  resource: [],
  fallback: [],
  ...others,
});
const bookOf = (...versions: Partial<BookVersion>[]): PriceBook => ({
  name: 'test',
  unit: 'credits',
  scale: 2,
  rounding: 'half-up',
  version: versions.map(version),
});

const used = (resource: string, hours: bigint, others: Partial<Usage> = {}): Usage => ({
  site: 'a',
  resource,
  startMs: Date.parse(JULY),
  amountMs: hours * HOUR,
  ...others,
});
const hoursOf = (flavor: string, hours: bigint, others: Partial<Usage> = {}) =>
  used('server', hours, { flavor, state: 'active', ...others });
const small = 'small/1/2048/20/0/0/0';

/** The lines, what has no price, and what matches nothing, in few words. */
function said(usage: Usage[], book: PriceBook) {
  const { lines, denominators, unpriced, unused } = charge(usage, book);
  return {
    lines: lines.map((line) => {
      const name = priceWords(line.price, version(book.version.find(({ from }) => from === line.from) ?? {}));
      const amount = shortText({ numerator: line.charge, denominator: denominators.charge });
      return `${name}: ${line.why} = ${amount}`;
    }),
    unpriced: unpriced.map(({ resource, amountMs, reason }) => `${resource} ${amountMs / HOUR}: ${reason}`),
    unused: unused.map(({ price }) => price),
  };
}

describe('a price of servers', () => {
  it('counts if it is the first that matches', () => {
    const book = bookOf({
      server: [
        servers('own', [part('5')], { site: 'b' }),
        servers('named', [part('4')], { flavor: { name: 'big*', vcpu: 8 } }),
        servers('gpu', [part('3', { per: { gpu: 1 } })], { flavor: { gpu: 'a100*' } }),
        servers('rest', [part('1', { per: { vcpu: 1 } })]),
      ],
    });
    const usage = [
      hoursOf('big.2/8/2048/20/0/0/0', 1n),
      hoursOf('big.2/9/2048/20/0/0/0', 1n),
      hoursOf('x/8/2048/20/0/0/a100-40=2,v100=1', 1n),
      hoursOf(small, 1n, { site: 'b' }),
    ];
    expect(said(usage, book)).toEqual({
      lines: [
        'named: 1 server at 4 = 4',
        'rest: 9 vcpu at 1 = 9',
        'gpu: 2 gpu at 3 = 6',
        'own: 1 server at 5 = 5',
      ],
      unpriced: [],
      unused: [],
    });
  });

  it('does not count if a fact that it needs is not known', () => {
    const book = bookOf({
      server: [
        servers('gpu', [part('3')], { flavor: { gpu: 'a100' } }),
        servers('named', [part('2')], { flavor: { name: 'm1', vcpu: 1 } }),
        servers('rest', [part('1')]),
      ],
    });
    expect(said([hoursOf('m1/1/2048/20/?/?/?', 2n), hoursOf('/1/2048/20/0/0/0', 3n)], book)).toEqual({
      lines: [],
      unpriced: [
        'server 2: price "gpu" needs its GPUs, which are not known',
        'server 3: price "named" needs its name, which is not known',
      ],
      unused: ['gpu', 'named', 'rest'],
    });
    expect(said([hoursOf('/2/2048/20/0/0/0', 1n)], book).lines).toEqual(['rest: 1 server at 1 = 1']);
  });

  it('takes the larger share in whole units, the last step, and the factor of the state', () => {
    const whole = part('2', {
      per: { vcpu: 1, mb: 4096 },
      whole_units: true,
      steps: [
        { above: 1, factor: '1.5' },
        { above: 4, factor: '3' },
      ],
    });
    const book = bookOf({ server: [servers('units', [whole])], states: { stopped: '0.5' } });
    const flavors = ['a/1/4096/0/0/0/0', 'a/1/4097/0/0/0/0', 'a/4/2048/0/0/0/0'];
    const stopped = hoursOf('a/3/20480/0/0/0/0', 1n, { state: 'stopped' });
    expect(said([...flavors.map((flavor) => hoursOf(flavor, 1n)), stopped], book).lines).toEqual([
      'units: 1 × (1 vcpu or 4096 mb) at 2 = 2',
      'units: 2 × (1 vcpu or 4096 mb) × 1.5 (above 1) at 2 = 6',
      'units: 4 × (1 vcpu or 4096 mb) × 1.5 (above 1) at 2 = 12',
      'units: 5 × (1 vcpu or 4096 mb) × 3 (above 4) × 0.5 (stopped) at 2 = 15',
    ]);
  });
});

describe('a price of a resource', () => {
  it('of the site comes before one of all sites', () => {
    const book = bookOf({
      resource: [
        { resource: 'volume_gb', per: 1, price: '2' },
        { resource: 'volume_gb', site: 'b', per: 10, price: '1' },
      ],
    });
    expect(said([used('volume_gb', 10n), used('volume_gb', 10n, { site: 'b' })], book).lines).toEqual([
      'volume_gb: 2 for each of GiB-hours = 20',
      'volume_gb at b: 1 for each of 10 GiB-hours = 1',
    ]);
  });

  it('of servers makes their server hours free of charge', () => {
    const book = bookOf({ resource: [{ resource: 'vcpu', per: 1, price: '2' }] });
    expect(said([used('vcpu', 3n), hoursOf(small, 3n)], book)).toEqual({
      lines: ['vcpu: 2 for each of vCPU-hours = 6'],
      unpriced: [],
      unused: [],
    });
  });
});

describe('usage', () => {
  const byHours = { server: [servers('all', [part('1', { per: { vcpu: 1 } })])] };

  it('of servers without server hours takes the fallback, or has no price', () => {
    const book = bookOf({ ...byHours, fallback: [{ resource: 'vcpu', per: 1, price: '3' }] });
    const usage = [
      hoursOf('x/2/1024/0/0/0/0', 5n),
      used('vcpu', 14n),
      used('mb', 9216n),
      used('instance', 5n),
    ];
    expect(said(usage, book)).toEqual({
      lines: [
        'all: 2 vcpu at 1 = 10',
        'fallback of vcpu: 3 for each of vCPU-hours, without server hours = 12',
      ],
      unpriced: ['mb 4096: no price matches'],
      unused: [],
    });
  });

  it('takes the prices of its time', () => {
    const later = { from: JULY, server: [servers('new', [part('7')])] };
    const at = (startMs: number) => said([hoursOf(small, 1n, { startMs })], bookOf(byHours, later));
    const july = Date.parse(JULY);
    expect(at(july - 1).lines).toEqual(['all: 1 vcpu at 1 = 1']);
    expect(at(july).lines).toEqual(['new: 1 server at 7 = 7']);
    expect(at(Date.parse(JANUARY) - 1).unpriced).toEqual([`server 1: the book begins on ${JANUARY}`]);
  });

  it('without a price is listed, and so are prices that match nothing', () => {
    const book = bookOf({ ...byHours, resource: [{ resource: 'volume_gb', per: 1, price: '2' }] });
    expect(said([used('floating_ip', 4n), used('server', 1n)], book)).toEqual({
      lines: [],
      unpriced: ['server 1: it has no flavor', 'floating_ip 4: no price matches'],
      unused: ['all', 'volume_gb'],
    });
  });
});

it('a book with many versions does not read all their dates for each row of usage', () => {
  let read = 0;
  const book = bookOf({ resource: [{ resource: 'vcpu', per: 1, price: '1' }] });
  const later = {
    ...version({}),
    get from() {
      read += 1;
      return '2199-01-01T00:00:00Z';
    },
  };
  const usage = Array.from({ length: 1000 }, (_, hour) =>
    used('vcpu', 1n, { startMs: Date.parse(JANUARY) + hour * Number(HOUR) }),
  );
  const many = { ...book, version: [...book.version, ...Array.from({ length: 199 }, () => later)] };
  expect(charge(usage, many).total).toBe(charge(usage, book).total);
  expect(read).toBeLessThan(1000);
});
