import { describe, expect, it } from 'vitest';
import type { FlavorRow, UsageRow } from '../../api.ts';
import { serverHours } from './server-data.ts';

const HOURS = [0, 1].map((hour) => Date.UTC(2026, 10, 22, hour));

function flavor(name: string): FlavorRow {
  const facts = { vcpus: 1, memory_mb: 2048, disk_gb: 20, ephemeral_gb: 0, swap_mb: 0, gpus: {} };
  return { label: `${name}/1/2048/20/0/0/0`, name, ...facts };
}

function row(hour: number, name: string, state: string, amount: number): UsageRow {
  const start = new Date(HOURS[hour] ?? 0).toISOString();
  return { flavor: flavor(name), state, start, amount, unit: 'server-hours', coverage: 'measured' };
}

const measured = () => 'measured' as const;

describe('server hours', () => {
  it('have a line for each flavor, the largest first, and a layer for each state', () => {
    const hours = serverHours(
      HOURS,
      [
        row(0, 'a', 'unknown', 1),
        row(0, 'b', 'active', 2),
        row(1, 'b', 'active', 3),
        row(1, 'b', 'stopped', 4),
      ],
      measured,
    );
    expect(hours).toMatchObject({
      unit: 'server-hours',
      states: ['active', 'stopped', 'unknown'],
      total: 10,
    });
    expect(hours?.flavors.map((line) => [line.flavor.name, line.total, [...line.amounts]])).toEqual([
      [
        'b',
        9,
        [
          ['active', 5],
          ['stopped', 4],
        ],
      ],
      ['a', 1, [['unknown', 1]]],
    ]);
    expect([...(hours?.totals ?? [])]).toEqual([
      ['unknown', 1],
      ['active', 5],
      ['stopped', 4],
    ]);
    expect(hours?.stack.layers).toEqual([
      { key: 'active', label: 'active', values: [2, 3] },
      { key: 'stopped', label: 'stopped', values: [0, 4] },
      { key: 'unknown', label: 'unknown', values: [1, 0] },
    ]);
  });

  it('keep two flavors of one name apart', () => {
    const large = {
      ...row(0, 'a', 'active', 2),
      flavor: { ...flavor('a'), label: 'a/2/2048/20/0/0/0', vcpus: 2 },
    };
    const hours = serverHours(HOURS, [row(0, 'a', 'active', 1), large], measured);
    expect(hours?.flavors.map((line) => line.flavor.vcpus)).toEqual([2, 1]);
  });

  it('give a state the same colour in every project as far as the colours reach, and unknown none', () => {
    const coloursOf = (...states: string[]) =>
      Object.fromEntries(
        serverHours(
          HOURS,
          states.map((state) => row(0, 'a', state, 1)),
          measured,
        )?.colours ?? [],
      );
    expect(coloursOf('stopped', 'unknown')).toEqual({ stopped: 2 });
    expect(coloursOf('rescued', 'stopped', 'active')).toEqual({ active: 1, stopped: 2, rescued: 3 });
    const many = coloursOf(
      'paused',
      'resized',
      'active',
      'stopped',
      'shelved',
      'shelved_offloaded',
      'suspended',
    );
    expect(many).toEqual({
      active: 1,
      stopped: 2,
      shelved_offloaded: 3,
      suspended: 4,
      shelved: 5,
      resized: 6,
    });
  });

  it('are absent without rows', () => {
    expect(serverHours(HOURS, [], measured)).toBeUndefined();
  });
});
