import type { CloudModel } from './cloud-model.ts';
import { endOf, type Flavor, type ServerLife } from './server-life.ts';

/** Usage by resource, in amount × milliseconds. */
export interface UsageTruth {
  vcpu: bigint;
  mb: bigint;
  disk_gb: bigint;
  instance: bigint;
}

/**
 * The usage in [fromMs, toMs), by project, from the whole lives of servers. A perfect exporter shows the same, although
 * Nova forgets launches and servers. Projects without usage are left out.
 */
export function usageTruth(
  model: Pick<CloudModel, 'livesTouching'>,
  fromMs: number,
  toMs: number,
): Map<string, UsageTruth> {
  const truth = new Map<string, UsageTruth>();
  for (const life of model.livesTouching(fromMs, toMs)) {
    for (const { flavor, durationMs } of spansOf(life, fromMs, toMs)) {
      const usage = truth.get(life.projectId) ?? { vcpu: 0n, mb: 0n, disk_gb: 0n, instance: 0n };
      truth.set(life.projectId, addSpan(usage, flavor, BigInt(durationMs)));
    }
  }
  return truth;
}

interface Span {
  flavor: Flavor;
  durationMs: number;
}

/** The parts of [fromMs, toMs) in which the server lived, each with its flavor. */
export function spansOf(life: ServerLife, fromMs: number, toMs: number): Span[] {
  return life.launches
    .map(({ atMs, flavor }, index) => {
      const endMs = life.launches[index + 1]?.atMs ?? endOf(life);
      return { flavor, durationMs: Math.min(endMs, toMs) - Math.max(atMs, fromMs) };
    })
    .filter(({ durationMs }) => durationMs > 0);
}

function addSpan(usage: UsageTruth, flavor: Flavor, durationMs: bigint): UsageTruth {
  return {
    vcpu: usage.vcpu + BigInt(flavor.vcpus) * durationMs,
    mb: usage.mb + BigInt(flavor.memoryMb) * durationMs,
    disk_gb: usage.disk_gb + BigInt(flavor.diskGb + flavor.ephemeralGb) * durationMs,
    instance: usage.instance + durationMs,
  };
}
