import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addUsage, amountTimesMs, NO_USAGE, UsageSum, type Usage } from './amounts.ts';

const whole = fc.oneof(fc.nat({ max: 1000 }), fc.maxSafeNat());

describe('amount × milliseconds', () => {
  it('is exact for whole numbers, also where the product is beyond 2^53', () => {
    const example = { examples: [[3, 2 ** 53 - 1] as [number, number]] };
    fc.assert(
      fc.property(whole, whole, (amount, durationMs) => {
        expect(amountTimesMs(amount, durationMs)).toBe(BigInt(amount) * BigInt(durationMs));
      }),
      example,
    );
  });

  it('adds up over resources, and has no GPUs where there are none', () => {
    const gpus = fc.option(fc.nat({ max: 8 }), { nil: undefined });
    fc.assert(
      fc.property(whole, whole, whole, gpus, whole, (vcpu, mb, disk_gb, gpu, durationMs) => {
        const amounts = { vcpu, mb, disk_gb, instance: 1, ...(gpu === undefined ? {} : { gpu }) };
        const ms = BigInt(durationMs);
        const used = BigInt(gpu ?? 0) * ms;
        const once = { vcpu: BigInt(vcpu) * ms, mb: BigInt(mb) * ms, disk_gb: BigInt(disk_gb) * ms };
        expect(addUsage(NO_USAGE, amounts, durationMs)).toStrictEqual({
          ...once,
          instance: ms,
          ...(used === 0n ? {} : { gpu: used }),
        });
      }),
    );
  });
});

describe('the sum of a window', () => {
  const size = fc.oneof(fc.nat({ max: 1000 }), fc.nat({ max: 2 ** 50 }));
  const gpu = fc.constantFrom({}, { gpu: 2 }, { gpu: 0.25 });
  const amounts = fc
    .tuple(size, size, size, gpu)
    .map(([vcpu, mb, disk_gb, gpus]) => ({ vcpu, mb, disk_gb, instance: 1, ...gpus }));
  const server = fc.record({
    projectId: fc.constantFrom('p1', 'p2'),
    amounts,
    durationMs: fc.integer({ min: 1, max: 86_400_000 }),
  });

  it('is the usage of each server added up, also beyond 2^53', () => {
    fc.assert(
      fc.property(fc.array(server), (servers) => {
        const before = new Map<string, Usage>([['p1', { ...NO_USAGE, mb: 2n ** 60n, gpu: 1n }]]);
        const sum = new UsageSum(before);
        const expected = new Map(before);
        for (const { projectId, amounts: used, durationMs } of servers) {
          sum.add(projectId, used, durationMs);
          expected.set(projectId, addUsage(expected.get(projectId) ?? NO_USAGE, used, durationMs));
        }
        expect(sum.totals()).toStrictEqual(expected);
      }),
    );
  });
});
