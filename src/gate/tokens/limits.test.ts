import { describe, expect, it } from 'vitest';
import { systemClock } from '../../runtime/clock.ts';
import { includesAddress, parseAddresses } from '../../runtime/http/client-addresses.ts';
import { Limiter } from './limits.ts';
import { Refusal } from '../refusal.ts';

function refusalOf(work: () => void): Refusal | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

describe('the rate of a token', () => {
  const limits = { requestsPerMinute: 60, concurrency: 1 };

  it('grows with time, up to the requests of one minute', () => {
    let nowMs = 0;
    const limiter = new Limiter({ ...systemClock, nowMs: () => nowMs });
    const taken = () => {
      for (let count = 0; ; count++) {
        const refusal = refusalOf(() => limiter.count('a', limits));
        if (refusal) return [count, refusal.status, refusal.reason, refusal.headers['retry-after']];
      }
    };
    expect(taken()).toEqual([60, 429, 'rate', '1']);
    nowMs = 5000;
    expect(taken()).toEqual([5, 429, 'rate', '1']);
    nowMs = 10_000_000;
    expect(taken()).toEqual([60, 429, 'rate', '1']);
    // If the clock is set back, the token gains no requests.
    nowMs = 0;
    expect(taken()).toEqual([0, 429, 'rate', '1']);
  });

  it('is used up sooner by a request that counts as several, which is never refused for ever', () => {
    const limiter = new Limiter({ ...systemClock, nowMs: () => 0 });
    limiter.count('a', limits, 50);
    expect(refusalOf(() => limiter.count('a', limits, 11))?.headers['retry-after']).toBe('1');
    limiter.count('a', limits, 10);
    expect(refusalOf(() => limiter.count('b', limits, 1000))).toBe(undefined);
    expect(refusalOf(() => limiter.count('b', limits))?.status).toBe(429);
  });

  it('allows a limited number of answers at the same time', () => {
    const limiter = new Limiter(systemClock);
    const end = limiter.begin('a', limits);
    expect(() => limiter.begin('a', limits)).toThrow('too many requests at the same time');
    limiter.begin('b', limits);
    end();
    limiter.begin('a', limits);
  });
});

describe('a list of addresses', () => {
  it('has addresses and networks of IPv4 and IPv6', () => {
    const list = parseAddresses(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32']);
    const within = ['10.1.2.3', '::ffff:10.1.2.3', '192.0.2.7', '2001:db8::5'];
    const without = ['11.0.0.1', '::ffff:11.0.0.1', '192.0.2.8', '2001:db9::1', '', undefined, 'nonsense'];
    expect(list && within.filter((address) => includesAddress(list, address))).toEqual(within);
    expect(list && without.filter((address) => includesAddress(list, address))).toEqual([]);
  });

  it.each(['10.0.0.0/33', '10.0.0.0/', '10.0.0/8', 'host', '::/129', '10.0.0.0/8/8'])(
    'does not accept %s',
    (text) => {
      expect(parseAddresses([text])).toBe(undefined);
    },
  );
});

describe('remote reads', () => {
  it('of one token run one after the other, at the same time as those of another token', async () => {
    const limiter = new Limiter(systemClock);
    const limits = { requestsPerMinute: 60, concurrency: 8 };
    const events: string[] = [];
    let endFirst = () => {};
    const first = new Promise<void>((resolve) => (endFirst = resolve));
    const read = async (name: string, event: string, until?: Promise<void>) =>
      await limiter.readInTurn(name, limits, async () => {
        events.push(event);
        await until;
      });
    const reads = [read('a', 'a1', first), read('a', 'a2')];
    await read('b', 'b1');
    expect(events).toEqual(['a1', 'b1']);
    endFirst();
    await Promise.all(reads);
    expect(events).toEqual(['a1', 'b1', 'a2']);
  });
});
