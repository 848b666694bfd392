import type { ServerLife } from './metering/meter-state.ts';
import type { ServerUsage } from './openstack/nova-usage.ts';

/**
 * A server as the meter counts it.
 * @param flavorGpus by the name of the flavor; undefined where GPUs are not asked for.
 */
export function serverLife(
  usage: ServerUsage,
  flavorGpus: ReadonlyMap<string, number> | undefined,
): ServerLife {
  const { id, projectId, launchedMs, endedMs, vcpus, memoryMb, diskGb } = usage;
  const amounts = { vcpu: vcpus, mb: memoryMb, disk_gb: diskGb, instance: 1 };
  return { id, projectId, launchedMs, endedMs, amounts: { ...amounts, ...gpusOf(usage, flavorGpus) } };
}

function gpusOf(
  { flavorName }: ServerUsage,
  flavorGpus: ReadonlyMap<string, number> | undefined,
): Pick<ServerLife['amounts'], 'gpu' | 'unreadFlavor'> {
  if (flavorGpus === undefined) return {};
  const gpu = flavorGpus.get(flavorName);
  if (gpu === undefined) return { unreadFlavor: flavorName };
  return gpu === 0 ? {} : { gpu };
}
