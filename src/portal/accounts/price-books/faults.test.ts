import { describe, expect, it } from 'vitest';
import { versionFaults } from './faults.ts';

/** So many prices, and how often somebody looked at their sites. */
function prices(count: number) {
  const looked = { times: 0 };
  const resource = Array.from({ length: count }, (_, index) => ({
    resource: 'vcpu',
    per: 1,
    price: '1',
    get site() {
      looked.times++;
      return `s${index}`;
    },
  }));
  return { looked, resource };
}

describe('the rules within a price book', () => {
  it.each([
    ['resource', 0],
    ['fallback', 1],
  ])('look at each %s a few times, however many there are', (list, servers) => {
    const { looked, resource } = prices(500);
    const server = [{ name: 'all', flavor: {}, sum: [], site: 'z' }].slice(0, servers);
    const lists = { server, resource: [], fallback: [], [list]: resource };
    expect(versionFaults({ from: '2026-01-01T00:00:00Z', states: {}, ...lists })).toEqual([]);
    expect(looked.times).toBeLessThan(5 * 500);
  });
});
