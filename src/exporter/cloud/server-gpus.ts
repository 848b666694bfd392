import pLimit from 'p-limit';
import { LastingFailure } from '../../runtime/lasting-failure.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { MeteredCloud } from './metered-cloud.ts';
import { gpusOfFlavor, type GpuAliases } from '../metering/gpus.ts';
import type { OwnMetrics } from '../exposition/own-metrics.ts';
import { readServersAs, type NovaServer } from '../openstack/nova-servers.ts';
import { ServiceForbidden } from '../openstack/session/service-error.ts';
import type { ServerUsage } from '../openstack/nova-usage.ts';

const REQUESTS_AT_ONCE = 4;

interface UsageOfServers {
  servers: readonly ServerUsage[];
  /** The start of the answer's window. */
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

/**
 * How many GPUs each server has by its own flavor, since today's flavor of that name may be another one. Reads all servers
 * once, which takes long where there are many, and then only changed servers.
 */
export class ServerGpus {
  readonly #metrics: OwnMetrics;
  readonly #flavors: OwnFlavors;
  readonly #failure: LastingFailure;
  #hasReadAll = false;
  /** Changes since then are still to be read; Infinity where there are none. */
  #changesSinceMs = Infinity;

  constructor({ aliases, logger, metrics }: ServerGpusOptions) {
    this.#metrics = metrics;
    this.#flavors = new OwnFlavors(aliases);
    this.#failure = new LastingFailure(logger, SAYS, 'warn');
  }

  /** Asks Nova for the unknown servers of an answer. Never throws. */
  async learn(answer: UsageOfServers, cloud: Pick<MeteredCloud, 'views'>): Promise<void> {
    await this.#read(answer, cloud).then(
      () => this.#failure.succeeded(),
      (error: unknown) => this.#failure.failed(error),
    );
    this.#metrics.setGpusByName(this.#unread(answer.servers));
  }

  /** Undefined where the server's own flavor could not be read. */
  gpusOf(usage: ServerUsage): number | undefined {
    return this.#flavors.gpusOf(usage);
  }

  /** Forgets all servers that are not among `servers`. */
  keep(servers: ServerIds): void {
    this.#flavors.keep(servers);
  }

  /** Nova lists servers without deleted ones; servers that were deleted since are only in the list of changes. */
  async #read({ servers, startMs }: UsageOfServers, cloud: Pick<MeteredCloud, 'views'>): Promise<void> {
    this.#changesSinceMs = Math.min(this.#changesSinceMs, startMs);
    if (this.#unread(servers) > 0 && !this.#hasReadAll) await this.#noteAll(cloud);
    if (this.#unread(servers) > 0) await this.#noteAll(cloud, this.#changesSinceMs);
    this.#changesSinceMs = Infinity;
  }

  /** Throws `ServiceForbidden` if a server is shown without the extra specs of its flavor. */
  async #noteAll({ views }: Pick<MeteredCloud, 'views'>, changesSinceMs?: number): Promise<void> {
    const changes = changesSinceMs === undefined ? {} : { changesSinceMs };
    const note = (server: NovaServer) => this.#flavors.note(server);
    const noted = await pLimit(REQUESTS_AT_ONCE).map(
      views,
      async ({ session, allProjects }) => await readServersAs(session, { allProjects, ...changes }, note),
    );
    this.#hasReadAll = true;
    if (noted.flat().includes(false))
      throw new ServiceForbidden("Nova shows servers without their flavors' extra specs");
  }

  #unread(servers: readonly ServerUsage[]): number {
    return servers.filter((usage) => this.gpusOf(usage) === undefined).length;
  }
}

interface ServerIds {
  has(id: string): boolean;
}

interface OwnFlavor {
  name: string;
  launchedMs: number | undefined;
  gpus: number;
}

/** The own flavors of servers, by server id. */
class OwnFlavors {
  readonly #aliases: GpuAliases;
  readonly #known = new Map<string, OwnFlavor>();

  constructor(aliases: GpuAliases) {
    this.#aliases = aliases;
  }

  /** Notes the flavor of a server. Returns false if it has no extra specs. */
  note({ id, launchedMs, flavor: { name, extraSpecs } }: NovaServer): boolean {
    if (extraSpecs === undefined) return false;
    this.#known.set(id, { name, launchedMs, gpus: gpusOfFlavor(extraSpecs, this.#aliases).gpus });
    return true;
  }

  gpusOf({ id, flavorName, launchedMs }: ServerUsage): number | undefined {
    const own = this.#known.get(id);
    const isOfThisLaunch = own?.name === flavorName && (own.launchedMs ?? launchedMs) === launchedMs;
    return isOfThisLaunch ? own.gpus : undefined;
  }

  keep(servers: ServerIds): void {
    for (const id of this.#known.keys()) if (!servers.has(id)) this.#known.delete(id);
  }
}
