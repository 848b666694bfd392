import { describe, expect, it } from 'vitest';
import { count, exact } from '../../format.ts';
import { flavorSizes } from './flavor-sizes.ts';

const SMALL = {
  label: 'm1.small/1/2048/20/0/0/0',
  name: 'm1.small',
  vcpus: 1,
  memory_mb: 2048,
  disk_gb: 20,
  ephemeral_gb: 0,
  swap_mb: 0,
  gpus: {},
};

describe('the sizes of a flavor', () => {
  it('are words, without sizes of zero', () => {
    expect(flavorSizes(SMALL)).toBe('1 vCPU, 2 GiB memory, 20 GiB disk');
    expect(flavorSizes({ ...SMALL, vcpus: 4, disk_gb: 0 })).toBe('4 vCPUs, 2 GiB memory');
  });

  it('have ephemeral disk, swap and GPUs', () => {
    const large = { ...SMALL, vcpus: 8, ephemeral_gb: 10, swap_mb: 512, gpus: { a100: 2, h100: 1 } };
    expect(flavorSizes(large)).toBe(
      '8 vCPUs, 2 GiB memory, 20 GiB disk (10 GiB of it ephemeral), 512 MiB swap, 2 × a100, 1 × h100',
    );
  });

  it('are exact', () => {
    expect([2560, 512, 3000].map((memory_mb) => flavorSizes({ ...SMALL, memory_mb, disk_gb: 0 }))).toEqual([
      `1 vCPU, ${exact(2.5)} GiB memory`,
      '1 vCPU, 512 MiB memory',
      `1 vCPU, ${count(3000)} MiB memory`,
    ]);
  });

  it('leave out what is not known', () => {
    expect(flavorSizes({ ...SMALL, ephemeral_gb: null, swap_mb: null, gpus: null })).toBe(
      '1 vCPU, 2 GiB memory, 20 GiB disk',
    );
    expect(flavorSizes({ ...SMALL, vcpus: null, memory_mb: null, disk_gb: null })).toBe('');
  });
});
