import { describe, expect, it } from 'vitest';
import { gpuAliases, gpusOfFlavor } from './gpus.ts';

const aliases = gpuAliases({ a100: 1, V100: 1, vgpu: 0.25, CUSTOM_GPU_A100: 1, qat: 0 });

describe('the GPUs of a flavor', () => {
  it.each([
    [{}, 0, []],
    [{ 'hw:cpu_policy': 'dedicated', 'resources:MEMORY_MB': '0' }, 0, []],
    [{ 'pci_passthrough:alias': 'a100:2' }, 2, []],
    [{ 'pci_passthrough:alias': 'a100:2, v100:1,qat:4' }, 3, []],
    [{ 'resources:VGPU': '2' }, 0.5, []],
    [{ 'resources1:VGPU': '1', resources_x: '1', 'resources_x:CUSTOM_GPU_A100': '1' }, 1.25, []],
    [{ 'resources:VGPU': '0' }, 0, []],
  ])('of %j are %d', (extraSpecs, gpus, unknown) => {
    expect(gpusOfFlavor(extraSpecs as unknown as Record<string, string>, aliases)).toEqual({ gpus, unknown });
  });

  it('are not guessed: an unknown name is reported', () => {
    expect(
      gpusOfFlavor(
        { 'pci_passthrough:alias': 'a100:1,h200:4,h200:1', 'resources:CUSTOM_FPGA': '1' },
        aliases,
      ),
    ).toEqual({ gpus: 1, unknown: ['h200', 'CUSTOM_FPGA'] });
  });
});
