import type { Amounts } from '../metering/amounts.ts';
import type { MeterState, ServerLife } from '../metering/meter-state.ts';
import type { ServerUsage } from '../openstack/nova-usage.ts';

/** The known numbers of GPUs. */
export interface KnownGpus {
  /** GPUs by the server's own flavor; undefined where that flavor could not be read. */
  gpusOf: (usage: ServerUsage) => number | undefined;
  /** GPUs by the name of a flavor, as the flavor is today or was last. */
  flavorGpus: ReadonlyMap<string, number>;
  /** The servers as the meter remembers them. */
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
 * The GPUs of a server by the first of these that is known: the server's own flavor, the amount counted since the same
 * launch, today's flavor of that name. Otherwise they are counted later.
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

/** False during a resize: Nova writes the new flavor some time before the new launch. */
function isOfSize({ vcpu, mb, disk_gb }: Amounts, { vcpus, memoryMb, diskGb }: ServerUsage): boolean {
  return vcpu === vcpus && mb === memoryMb && disk_gb === diskGb;
}
