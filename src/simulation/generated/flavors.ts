import type { Flavor } from '../model/server-life.ts';

function flavor(
  name: string,
  vcpus: number,
  memoryMb: number,
  diskGb: number,
  more: Partial<Flavor> = {},
): Flavor {
  return {
    id: name.replaceAll(' ', '-'),
    name,
    vcpus,
    memoryMb,
    diskGb,
    ephemeralGb: 0,
    extraSpecs: {},
    ...more,
  };
}

/** Flavors from small to large. The last ones have GPUs, one for each of Nova's ways to declare GPUs. */
export const FLAVORS = {
  tiny: flavor('m1.tiny', 1, 512, 1),
  small: flavor('de.NBI small', 2, 4096, 20),
  medium: flavor('de.NBI medium', 8, 16_384, 40),
  large: flavor('de.NBI large', 16, 65_536, 80),
  ephemeral: flavor('de.NBI large + ephemeral', 16, 65_536, 20, { ephemeralGb: 250 }),
  memory: flavor('highmem.xlarge', 28, 524_288, 50),
  gpu: flavor('gpu.2xA100', 32, 262_144, 100, { extraSpecs: { 'pci_passthrough:alias': 'a100:2' } }),
  vgpu: flavor('gpu.vgpu', 8, 65_536, 60, { extraSpecs: { 'resources:VGPU': '1' } }),
  mig: flavor('gpu.mig', 8, 65_536, 60, { extraSpecs: { 'resources:CUSTOM_A100_MIG_3G': '2' } }),
} as const satisfies Record<string, Flavor>;
