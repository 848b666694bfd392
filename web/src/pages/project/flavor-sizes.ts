import type { FlavorRow } from '../../api.ts';
import { count, exact, plural } from '../../format.ts';

/** `8 vCPUs, 64 GiB memory, 80 GiB disk, 2 × a100`. Sizes of zero and unknown ones are left out. */
export function flavorSizes({ vcpus, memory_mb, disk_gb, ephemeral_gb, swap_mb, gpus }: FlavorRow): string {
  const ofIt = isSize(ephemeral_gb) ? ` (${count(ephemeral_gb)} GiB of it ephemeral)` : '';
  return [
    vcpus === null ? '' : plural(vcpus, 'vCPU'),
    isSize(memory_mb) ? `${mebibytes(memory_mb)} memory` : '',
    isSize(disk_gb) ? `${count(disk_gb)} GiB disk${ofIt}` : '',
    isSize(swap_mb) ? `${mebibytes(swap_mb)} swap` : '',
    ...Object.entries(gpus ?? {}).map(([device, number]) => `${count(number)} × ${device}`),
  ]
    .filter((part) => part !== '')
    .join(', ');
}

function isSize(size: number | null): size is number {
  return size !== null && size > 0;
}

/** In GiB from 1 GiB on, unless that needs more than two decimals. */
function mebibytes(size: number): string {
  return size >= 1024 && (size * 100) % 1024 === 0 ? `${exact(size / 1024)} GiB` : `${count(size)} MiB`;
}
