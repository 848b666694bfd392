import type { Amounts } from '../metering/amounts.ts';
import type { MeterState, ServerLife } from '../metering/meter-state.ts';
import type { ServerUsage } from '../openstack/nova-usage.ts';

/** What is known of servers' GPUs, where GPUs are asked for. */
export interface KnownGpus {
  /** By its own flavor; undefined where that could not be read. */
  gpusOf: (usage: ServerUsage) => number | undefined;
  /** By the name of a flavor, as it is today or was last. */
  flavorGpus: ReadonlyMap<string, number>;
  /** The servers as they were counted up to now. */
  servers: MeterState['servers'];
}

type GpuAmount = Pick<Amounts, 'gpu' | 'unreadFlavor'>;

/** A server as the meter counts it. */
export function serverLife(usage: ServerUsage, known: KnownGpus | undefined): ServerLife {
  const { id, projectId, launchedMs, endedMs, vcpus, memoryMb, diskGb } = usage;
  const amounts = { vcpu: vcpus, mb: memoryMb, disk_gb: diskGb, instance: 1 };
  const gpus = known === undefined ? {} : gpuAmount(usage, known);
  return { id, projectId, launchedMs, endedMs, amounts: { ...amounts, ...gpus } };
}

/**
 * By the server's own flavor; else as it was counted since the same launch; else by the flavor that has its name today;
 * else later.
 */
function gpuAmount(usage: ServerUsage, { gpusOf, flavorGpus, servers }: KnownGpus): GpuAmount {
  const own = gpusOf(usage);
  if (own !== undefined) return amountOf(own);
  const counted = servers.get(usage.id)?.launches.at(-1);
  if (counted?.atMs === usage.launchedMs && isOfSize(counted.amounts, usage)) {
    const { gpu } = counted.amounts;
    if (gpu !== undefined) return { gpu };
  }
  const byName = flavorGpus.get(usage.flavorName);
  return byName === undefined ? { unreadFlavor: usage.flavorName } : amountOf(byName);
}

function amountOf(gpu: number): GpuAmount {
  return gpu === 0 ? {} : { gpu };
}

/** Nova writes a new flavor before the launch that goes with it. */
function isOfSize({ vcpu, mb, disk_gb }: Amounts, { vcpus, memoryMb, diskGb }: ServerUsage): boolean {
  return vcpu === vcpus && mb === memoryMb && disk_gb === diskGb;
}
