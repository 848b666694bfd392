import type { Logger } from '../runtime/logger.ts';
import { gpusOfFlavor, type GpuAliases } from './metering/gpus.ts';
import type { RememberedServer } from './metering/meter-state.ts';
import { readFlavors } from './openstack/nova-flavors.ts';
import { ServiceForbidden } from './openstack/service-error.ts';
import type { Session } from './openstack/session.ts';
import type { OwnMetrics } from './own-metrics.ts';
import { createResourceReport } from './sampling.ts';

export interface GpuCountingOptions {
  session: Session;
  aliases: GpuAliases;
  logger: Logger;
  metrics: OwnMetrics;
}

export interface GpuCounting {
  /** Reads what flavors there are. Where that fails those that were read before stay. Never throws. */
  refresh(): Promise<void>;
  /** A server of a flavor that Nova no longer has keeps the GPUs it was known with. */
  gpusOf(flavorName: string, remembered: RememberedServer | undefined): number;
}

export function createGpuCounting({ session, aliases, logger, metrics }: GpuCountingOptions): GpuCounting {
  const report = createResourceReport(logger, metrics);
  const byFlavor = new Map<string, number>();
  const reported = new Set<string>();
  return {
    refresh: async () => {
      try {
        const unknown = await readInto(byFlavor, session, aliases);
        metrics.setUnknownGpuAliases(unknown);
        report('gpu', undefined, undefined);
        for (const alias of unknown) {
          if (!reported.has(alias))
            logger.warn({ alias }, 'is not one of gpu_aliases: it counts as no GPU until it is');
          reported.add(alias);
        }
      } catch (error) {
        report('gpu', error, undefined);
      }
    },
    gpusOf: (flavorName, remembered) =>
      byFlavor.get(flavorName) ?? remembered?.launches.at(-1)?.amounts.gpu ?? 0,
  };
}

/** Returns the names that the aliases don't have, sorted. */
async function readInto(
  byFlavor: Map<string, number>,
  session: Session,
  aliases: GpuAliases,
): Promise<string[]> {
  const unknown = new Set<string>();
  for (const { name, extraSpecs } of await readFlavors(session)) {
    if (extraSpecs === undefined)
      throw new ServiceForbidden(
        'Nova shows flavors without their extra specs; give the user of the exporter a role that may read them',
      );
    const found = gpusOfFlavor(extraSpecs, aliases);
    byFlavor.set(name, found.gpus);
    for (const alias of found.unknown) unknown.add(alias);
  }
  return [...unknown].sort();
}
