import type { Pool } from 'pg';
import { systemClock, type Clock } from '../runtime/clock.ts';
import { closeServer, formatAddress, isLoopback, listen, type ListenAddress } from '../runtime/listen.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Role } from '../runtime/role.ts';
import { describeError } from '../runtime/user-error.ts';
import { connectToDatabase } from './ledger/store/connect.ts';
import { createInboxTables } from './remote-write/inbox.ts';
import { Receiver } from './remote-write/receiver.ts';
import { createApiServer } from './api/server.ts';
import { Collector } from './collector/collector.ts';
import { DEFAULT_BODY_LIMITS } from './collector/federate-body.ts';
import { declarationsOf, sitesOfPortal } from './declared-sites.ts';
import type { DatabaseConnection } from './database/connection.ts';
import type { Ledger } from './ledger/ledger.ts';
import { fencedLedger } from './leases/fenced-ledger.ts';
import { LeaseKeeper } from './leases/lease-keeper.ts';
import { INBOX_LEASE, siteLease, type PortalSites } from './leases/lease-store.ts';
import { Maintenance } from './ledger/maintenance.ts';
import { createPortalMetrics } from './metrics.ts';
import { SiteFigures } from './site-figures.ts';
import type { PortalConfig } from './settings.ts';
import { createStore } from './store.ts';

export interface Portal extends Role {
  /** Where API and pages are, after `start()`. */
  readonly address: ListenAddress;
  /** Sweeps every site once. What goes wrong is recorded, not thrown. */
  sweep(): Promise<void>;
  /**
   * Begins to sweep each site at its interval and to fold what is written, where the configuration left that to the
   * caller (`autoSweep`).
   */
  startSweeping(): void;
  reload(): Promise<void>;
}

export interface PortalParts {
  clock: Clock;
  logger: Logger;
  /** Reads what a reload takes anew; throws `UserError`. Without it a reload changes nothing. */
  reread?: (() => PortalSources) | undefined;
  /** In [0, 1). */
  random?: (() => number) | undefined;
  /** Folder of the built pages, where they are not in their usual place. */
  webFolder?: string | undefined;
}

/** What a reload takes anew: where readings come from, and what counts as one, and what is kept. */
type PortalSources = Pick<PortalConfig, 'sites' | 'senders' | 'grants' | 'retention'>;

/** What runs, once all has started. */
interface Running {
  address: ListenAddress;
  ledger: Ledger;
  collector: Collector;
  leases: LeaseKeeper;
  maintenance: Maintenance;
  figures: SiteFigures;
  receiver: Receiver;
}

/** How long a portal that says nothing still has its sites, where the configuration leaves it open. */
const LEASE_MS = 30_000;

export function createPortal(config: PortalConfig, parts: PortalParts): Portal {
  return new PortalRole(config, { ...parts, logger: parts.logger.child({ role: 'portal' }) });
}

class PortalRole implements Portal {
  readonly #config: PortalConfig;
  readonly #parts: PortalParts;
  readonly #metrics = createPortalMetrics();
  /** Ends what has started, the last first. */
  readonly #ends: (() => Promise<void>)[] = [];
  #sources: PortalSources;
  #collector: Collector | undefined;
  #starting: Promise<Running> | undefined;
  #running: Running | undefined;
  #closing: Promise<void> | undefined;
  #reloading: Promise<void> = Promise.resolve();

  constructor(config: PortalConfig, parts: PortalParts) {
    this.#config = config;
    this.#sources = config;
    this.#parts = parts;
  }

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

  async sweep(): Promise<void> {
    await this.#started.collector.sweep();
  }

  startSweeping(): void {
    const { collector, maintenance, receiver, figures } = this.#started;
    if (this.#config.collect !== false) collector.start();
    receiver.start();
    maintenance.start();
    figures.start();
  }

  /** One at a time, in the order in which they are asked for. */
  async reload(): Promise<void> {
    const reloading = this.#reloading.then(async () => await this.#reloadSites());
    this.#reloading = reloading.catch(() => undefined);
    await reloading;
  }

  async close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    await this.#closing;
  }

  get #started(): Running {
    if (this.#running === undefined) throw new Error('the portal has not started');
    return this.#running;
  }

  /** Database, ledger, API; each is ended again where a later one fails. */
  async #startAll(): Promise<Running> {
    const { clock, logger } = this.#parts;
    const store = createStore(this.#config, { clock, logger });
    this.#ends.push(async () => await store.close());
    const ledger = await store.open();
    await ledger.declareSites(declarationsOf(this.#config));
    const pool = await this.#connect(store.connection);
    const leases = this.#createLeases(pool);
    const receiver = await this.#createReceiver(ledger, pool, leases);
    receiver.setSources(this.#config);
    const address = await this.#startApi(ledger, receiver);
    this.#collector = this.#createCollector(ledger, leases);
    await leases.start(this.#use(this.#config));
    this.#greet(address);
    const maintenance = this.#createMaintenance(ledger);
    const figures = this.#createFigures(ledger);
    return { address, ledger, collector: this.#collector, leases, maintenance, receiver, figures };
  }

  #createFigures(ledger: Ledger): SiteFigures {
    const { clock, logger } = this.#parts;
    const figures = new SiteFigures({
      ledger,
      clock,
      logger,
      metrics: this.#metrics,
      sites: () => declarationsOf(this.#sources),
    });
    this.#ends.push(async () => await figures.close());
    return figures;
  }

  #createMaintenance(ledger: Ledger): Maintenance {
    const { clock, logger } = this.#parts;
    const maintenance = new Maintenance({ ledger, clock, logger, policy: () => this.#sources.retention });
    this.#ends.push(async () => await maintenance.close());
    return maintenance;
  }

  async #connect(connection: DatabaseConnection): Promise<Pool> {
    const pool = await connectToDatabase(connection, this.#parts.logger);
    this.#ends.push(async () => await pool.end());
    return pool;
  }

  /** Which sites this portal reads, of those that all portals on the database read. */
  #createLeases(pool: Pool): LeaseKeeper {
    const { leaseMs = LEASE_MS, databaseUrl } = this.#config;
    const leases = new LeaseKeeper({
      pool,
      clock: systemClock,
      logger: this.#parts.logger,
      metrics: this.#metrics,
      durationMs: leaseMs,
      alone: databaseUrl === undefined,
      onChange: async (held) =>
        await this.#collector?.setSites(this.#sources.sites.filter(({ name }) => held.has(siteLease(name)))),
    });
    this.#ends.push(async () => await leases.close());
    return leases;
  }

  /** Takes these from now on; returns their names. */
  #use(sources: PortalSources): PortalSites {
    this.#sources = sources;
    this.#metrics.sites.set(sources.sites.length);
    return sitesOfPortal(sources);
  }

  async #createReceiver(ledger: Ledger, pool: Pool, leases: LeaseKeeper): Promise<Receiver> {
    const { clock, logger } = this.#parts;
    await createInboxTables(pool);
    const receiver = new Receiver({
      pool,
      ledger: fencedLedger(ledger, () => leases.leaseOf(INBOX_LEASE)),
      clock,
      logger,
      metrics: this.#metrics,
      folds: () => leases.holds(INBOX_LEASE),
    });
    this.#ends.push(async () => await receiver.close());
    return receiver;
  }

  async #startApi(ledger: Ledger, receiver: Receiver): Promise<ListenAddress> {
    const { clock, logger, webFolder } = this.#parts;
    const server = await createApiServer({
      ledger,
      metrics: this.#metrics,
      clock,
      grants: () => this.#sources.grants ?? [],
      receiver,
      logger,
      webFolder,
    });
    this.#ends.push(async () => {
      await closeServer(server.server);
      await server.close();
    });
    return await listen(server.server, this.#config.listen);
  }

  #createCollector(ledger: Ledger, leases: LeaseKeeper): Collector {
    const { clock, logger, random = Math.random } = this.#parts;
    const collector = new Collector({
      ledger: fencedLedger(ledger, (site) => leases.leaseOf(siteLease(site))),
      clock,
      logger,
      random,
      metrics: this.#metrics,
      limits: DEFAULT_BODY_LIMITS,
    });
    this.#ends.push(async () => await collector.close());
    return collector;
  }

  #greet(address: ListenAddress): void {
    const { logger } = this.#parts;
    const readers = isLoopback(this.#config.listen.host)
      ? 'this machine alone'
      : 'whoever reaches this address: there is no sign-in yet; --listen 127.0.0.1:8000 keeps it to this machine';
    logger.info(
      { address: formatAddress(address), sites: this.#config.sites.length, readers },
      'portal listens',
    );
    if (this.#config.sites.length + (this.#config.senders ?? []).length === 0)
      logger.warn(
        'no sites yet: add [[site]] with name, url and token_file to a portal.toml, and start with --config portal.toml',
      );
  }

  async #reloadSites(): Promise<void> {
    try {
      const sources = this.#parts.reread?.() ?? this.#config;
      const { ledger, leases, receiver } = this.#started;
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
          'a part of the portal did not end in order',
        );
      });
    }
  }
}
