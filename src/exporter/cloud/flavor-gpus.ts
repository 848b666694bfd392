import type { Logger } from '../../runtime/logger.ts';
import { gpusOfFlavor, type GpuAliases } from '../metering/gpus.ts';
import { readFlavors } from '../openstack/nova-flavors.ts';
import { ServiceForbidden } from '../openstack/session/service-error.ts';
import type { Session } from '../openstack/session/session.ts';
import type { OwnMetrics } from '../exposition/own-metrics.ts';
import { resourceReport } from './sampling.ts';

export interface FlavorGpuReaderOptions {
  session: Session;
  aliases: GpuAliases;
  logger: Logger;
  metrics: OwnMetrics;
}

/**
 * Reads how many GPUs each flavor has, by the flavor's name. Flavors that Nova no longer has keep their `known` number; if
 * Nova does not answer, all flavors keep it. Never throws.
 */
export type FlavorGpuReader = (known: ReadonlyMap<string, number>) => Promise<ReadonlyMap<string, number>>;

export function flavorGpuReader({
  session,
  aliases,
  logger,
  metrics,
}: FlavorGpuReaderOptions): FlavorGpuReader {
  const report = resourceReport(logger, metrics);
  const reported = new Set<string>();

  function reportUnknown(unknown: readonly string[]): void {
    metrics.setUnknownGpuAliases(unknown);
    for (const alias of unknown) {
      if (!reported.has(alias))
        logger.warn({ alias }, 'is not one of gpu_aliases: it counts as no GPU until you add it');
      reported.add(alias);
    }
  }

  return async (known) => {
    try {
      const byFlavor = new Map(known);
      reportUnknown(await readInto(byFlavor, session, aliases));
      report('gpu', undefined);
      return sameGpus(known, byFlavor) ? known : byFlavor;
    } catch (error) {
      report('gpu', error);
      return known;
    }
  };
}

function sameGpus(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): boolean {
  return a.size === b.size && [...a].every(([flavor, gpus]) => b.get(flavor) === gpus);
}

/** Returns the unknown names in extra specs, sorted. */
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
