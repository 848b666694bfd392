import type { Clock } from '../runtime/clock.ts';
import { formatAddress, isLoopback, type ListenAddress } from '../runtime/http/listen.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Role } from '../runtime/role.ts';
import { describeError, UserError } from '../runtime/user-error.ts';
import { assemble, type Assembly, type PortalSources } from './assembly.ts';
import { declarationsOf, sitesOfPortal } from './declared-sites.ts';
import type { PortalSites } from './leases/lease-store.ts';
import { createPortalMetrics } from './metrics.ts';
import type { PortalConfig } from './settings/settings.ts';

export interface PortalParts {
  clock: Clock;
  logger: Logger;
  /** Reads the settings that a reload applies; throws `UserError`. Without it a reload changes nothing. */
  reread?: (() => PortalSources) | undefined;
  /** In [0, 1). */
  random?: (() => number) | undefined;
  /** Folder of the built pages, if they are not in the usual place. */
  webFolder?: string | undefined;
}

export function createPortal(config: PortalConfig, parts: PortalParts): Portal {
  return new Portal(config, { ...parts, logger: parts.logger.child({ role: 'portal' }) });
}

export class Portal implements Role {
  readonly #config: PortalConfig;
  readonly #parts: PortalParts;
  readonly #metrics = createPortalMetrics();
  /** Close the parts that have started. The part that started last is closed first. */
  readonly #ends: (() => Promise<void>)[] = [];
  #sources: PortalSources;
  #starting: Promise<Assembly> | undefined;
  #running: Assembly | undefined;
  #closing: Promise<void> | undefined;
  #reloading: Promise<void> = Promise.resolve();

  constructor(config: PortalConfig, parts: PortalParts) {
    this.#config = config;
    this.#sources = config;
    this.#parts = parts;
  }

  /** The address of the API and the pages. Known after `start()`. */
  get address(): ListenAddress {
    return this.#started.address;
  }

  async start(): Promise<void> {
    this.#starting ??= this.#startAll();
    try {
      this.#running = await this.#starting;
    } catch (error) {
      await this.#endAll();
      throw error;
    }
    if (this.#config.autoSweep && this.#closing === undefined) this.startSweeping();
  }

  /** Sweeps every site once. Failures are recorded, not thrown. */
  async sweep(): Promise<void> {
    await this.#started.collector.sweep();
  }

  /**
   * Starts to sweep each site at its interval and to fold what senders write. With `autoSweep` in the configuration,
   * `start()` does this itself.
   */
  startSweeping(): void {
    const { access, collector, maintenance, receiver, figures } = this.#started;
    if (this.#config.collect !== false) collector.start();
    receiver.start();
    maintenance.start();
    access.upkeep.start();
    figures.start();
  }

  /** Reloads run one at a time, in the order of the calls. */
  async reload(): Promise<void> {
    const reloading = this.#reloading.then(async () => await this.#reloadSites());
    this.#reloading = reloading.catch(() => undefined);
    await reloading;
  }

  async close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    await this.#closing;
  }

  get #started(): Assembly {
    if (this.#running === undefined) throw new Error('the portal has not started');
    return this.#running;
  }

  async #startAll(): Promise<Assembly> {
    const assembly = await assemble({
      ...this.#parts,
      config: this.#config,
      metrics: this.#metrics,
      sources: () => this.#sources,
      reload: async () => await this.reload(),
      atEnd: (end) => void this.#ends.push(end),
    });
    await assembly.leases.start(this.#use(this.#config));
    this.#greet(assembly.address);
    return assembly;
  }

  /** Uses these sources from now on; returns the names of their sites. */
  #use(sources: PortalSources): PortalSites {
    this.#sources = sources;
    this.#metrics.sites.set(sources.sites.length);
    return sitesOfPortal(sources);
  }

  #greet(address: ListenAddress): void {
    const { logger } = this.#parts;
    const readers =
      this.#config.access !== undefined
        ? 'people who sign in, and tokens'
        : isLoopback(this.#config.listen.host)
          ? 'this machine only; [access] in portal.toml lets people sign in from elsewhere'
          : 'anyone who reaches this address, because of unsafe_open';
    logger.info(
      { address: formatAddress(address), sites: this.#config.sites.length, readers },
      'portal listens',
    );
    if (this.#config.sites.length + (this.#config.senders ?? []).length === 0)
      logger.warn(
        'no sites yet: invite one with stackmeter portal invite SITE --config portal.toml, or add a [[site]] to that file',
      );
  }

  async #reloadSites(): Promise<void> {
    try {
      const sources = this.#parts.reread?.() ?? this.#config;
      if ((sources.access === undefined) !== (this.#config.access === undefined))
        throw new UserError('[access] in portal.toml came or went: restart the portal');
      const { ledger, accounts, leases, receiver } = this.#started;
      await accounts.refuseConfigured(sources.grants);
      await ledger.declareSites(declarationsOf(sources));
      receiver.setSources(sources);
      await leases.setSites(this.#use(sources));
    } catch (error) {
      this.#noteReload(false);
      throw error;
    }
    this.#noteReload(true);
  }

  #noteReload(succeeded: boolean): void {
    this.#metrics.reloads.inc({ result: succeeded ? 'success' : 'failure' });
    this.#metrics.reloadSuccess.set(succeeded ? 1 : 0);
  }

  async #closeAll(): Promise<void> {
    await this.#starting?.catch(() => undefined);
    await this.#reloading;
    await this.#endAll();
  }

  async #endAll(): Promise<void> {
    for (let end = this.#ends.pop(); end !== undefined; end = this.#ends.pop()) {
      await end().catch((error: unknown) => {
        this.#parts.logger.error(
          { reason: describeError(error) },
          'a part of the portal could not be closed',
        );
      });
    }
  }
}
