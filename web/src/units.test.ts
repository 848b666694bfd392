import { describe, expect, it } from 'vitest';
import { scaleFor } from './units.ts';

const POINT = new Intl.NumberFormat().format(1.5).charAt(1);
const decimal = (text: string) => text.replace('.', POINT);

describe('the scale of a column', () => {
  it('turns MiB-hours into GiB-hours or TiB-hours, depending on the largest amount', () => {
    const units = [1023, 1024, 1024 * 1024].map((largest) => {
      const { unit, divisor } = scaleFor('MiB-hours', largest);
      return [unit, divisor];
    });
    expect(units).toEqual([
      ['MiB-hours', 1],
      ['GiB-hours', 1024],
      ['TiB-hours', 1024 * 1024],
    ]);
  });

  it('keeps units that have no larger unit', () => {
    expect(scaleFor('vCPU-hours', 5_000_000)).toMatchObject({ unit: 'vCPU-hours', divisor: 1 });
  });

  it('has one precision for all amounts: 2 digits, from 100 on 1 digit, from 10,000 on none', () => {
    const shown = [50, 100, 10_000].map((largest) => scaleFor('vCPU-hours', largest).format(7.25));
    expect(shown).toEqual([
      decimal('7.25'),
      new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 }).format(7.25),
      '7',
    ]);
  });

  it('never shows a small amount as zero', () => {
    const { format } = scaleFor('vCPU-hours', 50);
    expect([format(0), format(0.001), format(0.006)]).toEqual([
      decimal('0.00'),
      decimal('<\u202f0.01'),
      decimal('0.01'),
    ]);
  });
});
