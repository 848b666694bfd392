import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addUsage, amountTimesMs, NO_USAGE } from './amounts.ts';

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
