import { describe, expect, it } from 'vitest';
import { readAmount, readDecimal, readHours, readInstant, readServers } from './arguments.ts';

const said = (read: () => unknown) => {
  try {
    return read();
  } catch (error) {
    return (error as Error).message;
  }
};

describe('the servers of a quote', () => {
  it.each([
    ['m1.small/1/2048', 'm1.small/1/2048/0/0/0/0', 'active', 1],
    ['de.NBI tiny/1/2048×2', 'de.NBI tiny/1/2048/0/0/0/0', 'active', 2],
    ['m1x4/1/2048/20 x 12', 'm1x4/1/2048/20/0/0/0', 'active', 12],
    ['a/b/8/4096/20/0/0/a100=2,h100=1x3', 'a/b/8/4096/20/0/0/a100=2,h100=1', 'active', 3],
    ['m1/1/2048:shelved_offloaded*2', 'm1/1/2048/0/0/0/0', 'shelved_offloaded', 2],
    ['m1/1/2048/20/?/?/?:soft-delete', 'm1/1/2048/20/?/?/?', 'soft-delete', 1],
  ])('are read as they are written: %s', (text, label, state, count) => {
    expect(readServers(text)).toMatchObject({ label, state, count });
  });

  it.each(['', 'm1', 'm1/1', 'm1/one/2048', 'm1/1/2048×0', 'm1/01/2048'])(
    'need sizes and a count: %j',
    (text) => {
      expect(said(() => readServers(text))).toMatch(/^write NAME\/VCPUS\/MIB, /);
    },
  );

  it('have a state of Nova', () => {
    expect(said(() => readServers('m1/1/2048:stoped'))).toBe(
      "unknown state 'stoped'; did you mean 'stopped'?",
    );
  });
});

it('numbers of a quote are exact', () => {
  expect(readAmount('volume_gb=500')).toEqual({ resource: 'volume_gb', amount: 500 });
  expect(readHours('199.2')).toBe(717_120_000n);
  expect(readHours('0.00001')).toBe(36n);
  expect(readDecimal('0078.50', 12)).toBe('78.5');
  expect(readInstant('2026-07-01')).toBe(Date.UTC(2026, 6));
});

it('numbers of a quote are positive', () => {
  expect(said(() => readAmount('volume_gb'))).toBe('write RESOURCE=AMOUNT, such as volume_gb=500');
  expect(said(() => readHours('0'))).toBe('must be more than 0');
  expect(said(() => readHours('-1'))).toMatch(/^must be a decimal /);
});
