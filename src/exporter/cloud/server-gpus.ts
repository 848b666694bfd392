import pLimit from 'p-limit';
import { LastingFailure } from '../../runtime/lasting-failure.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { MeteredCloud } from './metered-cloud.ts';
import { gpusOfFlavor, type GpuAliases } from '../metering/gpus.ts';
import type { OwnMetrics } from '../exposition/own-metrics.ts';
import { readServers, type NovaServer } from '../openstack/nova-servers.ts';
import { ServiceForbidden } from '../openstack/session/service-error.ts';
import type { ServerUsage } from '../openstack/nova-usage.ts';

const REQUESTS_AT_ONCE = 4;

/** How many GPUs each server has by its own flavor: flavors of its name may be others by now. */
export interface ServerGpus {
  /** Asks Nova for servers of an answer that are not known yet. Never throws. */
  learn(answer: UsageOfServers, cloud: Pick<MeteredCloud, 'views'>): Promise<void>;
  /** Undefined where its own flavor could not be read. */
  gpusOf(usage: ServerUsage): number | undefined;
  /** Forgets all other servers. */
  keep(servers: { has(id: string): boolean }): void;
}

interface UsageOfServers {
  servers: readonly ServerUsage[];
  /** All that the answer has begins or ends after it, or was there before. */
  startMs: number;
}

interface ServerGpusOptions {
  aliases: GpuAliases;
  logger: Logger;
  metrics: OwnMetrics;
}

const SAYS = {
  failed: "servers' own flavors cannot be read: GPUs are counted by the present flavors of the same names",
  recovered: "servers' own flavors can be read again",
};

/** All servers are read once, which takes long where there are many; then only those that have changed. */
export function createServerGpus({ aliases, logger, metrics }: ServerGpusOptions): ServerGpus {
  const flavors = ownFlavors(aliases);
  const failure = new LastingFailure(logger, SAYS, 'warn');
  let hasReadAll = false;
  /** From where on changes are still to be read. */
  let changesSinceMs = Infinity;

  const unread = (servers: readonly ServerUsage[]) =>
    servers.filter((usage) => flavors.gpusOf(usage) === undefined).length;

  function noteAll(servers: readonly NovaServer[]): void {
    hasReadAll = true;
    flavors.note(servers);
  }

  /** Servers that were launched before are in the list of all; those that were deleted since only in that of changes. */
  async function read({ servers, startMs }: UsageOfServers, cloud: Pick<MeteredCloud, 'views'>) {
    changesSinceMs = Math.min(changesSinceMs, startMs);
    if (unread(servers) > 0 && !hasReadAll) noteAll(await readAll(cloud));
    if (unread(servers) > 0) noteAll(await readAll(cloud, changesSinceMs));
    changesSinceMs = Infinity;
  }

  return {
    gpusOf: flavors.gpusOf,
    keep: flavors.keep,
    learn: async (answer, cloud) => {
      await read(answer, cloud).then(
        () => failure.succeeded(),
        (error: unknown) => failure.failed(error),
      );
      metrics.setGpusByName(unread(answer.servers));
    },
  };
}

interface OwnFlavor {
  name: string;
  launchedMs: number | undefined;
  gpus: number;
}

/** What is known of servers' own flavors. */
function ownFlavors(aliases: GpuAliases) {
  const known = new Map<string, OwnFlavor>();
  return {
    /** Throws after it has noted what it can, where servers are shown without what their flavors have. */
    note: (servers: readonly NovaServer[]): void => {
      for (const { id, launchedMs, flavor } of servers) {
        const { name, extraSpecs } = flavor;
        if (extraSpecs !== undefined)
          known.set(id, { name, launchedMs, gpus: gpusOfFlavor(extraSpecs, aliases).gpus });
      }
      if (servers.some(({ flavor }) => flavor.extraSpecs === undefined))
        throw new ServiceForbidden("Nova shows servers without their flavors' extra specs");
    },
    gpusOf: ({ id, flavorName, launchedMs }: ServerUsage): number | undefined => {
      const own = known.get(id);
      const isOfThisLaunch = own?.name === flavorName && (own.launchedMs ?? launchedMs) === launchedMs;
      return isOfThisLaunch ? own.gpus : undefined;
    },
    keep: (servers: { has(id: string): boolean }): void => {
      for (const id of known.keys()) if (!servers.has(id)) known.delete(id);
    },
  };
}

async function readAll(
  { views }: Pick<MeteredCloud, 'views'>,
  changesSinceMs?: number,
): Promise<NovaServer[]> {
  const changes = changesSinceMs === undefined ? {} : { changesSinceMs };
  const found = await pLimit(REQUESTS_AT_ONCE).map(
    views,
    async ({ session, allProjects }) => await readServers(session, { allProjects, ...changes }),
  );
  return found.flat();
}
