import { systemClock, type Clock } from '../runtime/clock.ts';
import { closeServer, listen, type ListenAddress } from '../runtime/http/listen.ts';
import type { Logger } from '../runtime/logger.ts';
import { createApiServer } from './api/server.ts';
import { Collector } from './collector/collector.ts';
import { DEFAULT_BODY_LIMITS } from './collector/federate-body.ts';
import type { Database } from './database/database.ts';
import { declarationsOf } from './declared-sites.ts';
import { fencedLedger } from './leases/fenced-ledger.ts';
import { LeaseKeeper, type LeaseParts } from './leases/lease-keeper.ts';
import { INBOX_LEASE, siteLease } from './leases/lease-store.ts';
import type { Ledger } from './ledger/ledger.ts';
import { Maintenance } from './ledger/maintenance.ts';
import type { PortalMetrics } from './metrics.ts';
import { Receiver } from './remote-write/receiver.ts';
import type { PortalConfig } from './settings/settings.ts';
import { SiteFigures } from './site-figures.ts';
import { createStore } from './store.ts';

/** What a reload takes anew: where readings come from, and what counts as one, and what is kept. */
export type PortalSources = Pick<PortalConfig, 'sites' | 'senders' | 'grants' | 'retention'>;

/** What a portal is made of. */
export interface Assembly {
  address: ListenAddress;
  ledger: Ledger;
  collector: Collector;
  leases: LeaseKeeper;
  maintenance: Maintenance;
  figures: SiteFigures;
  receiver: Receiver;
}

/** What it is made with. */
interface Given {
  config: PortalConfig;
  /** Those of the moment, as a reload may change them. */
  sources: () => PortalSources;
  metrics: PortalMetrics;
  clock: Clock;
  logger: Logger;
  random?: (() => number) | undefined;
  webFolder?: string | undefined;
  /** Takes what ends a part, as soon as there is something to end; the last is to be ended first. */
  atEnd: (end: () => Promise<void>) => void;
}

/** How long a portal that says nothing still has its sites, where the configuration leaves it open. */
const LEASE_MS = 30_000;

/** Makes the parts of a portal and joins them. Ledger and API have started then; nothing is swept or folded yet. */
export async function assemble(given: Given): Promise<Assembly> {
  const { config, sources } = given;
  const store = createStore(config, given);
  given.atEnd(async () => await store.close());
  const ledger = await store.open();
  await ledger.declareSites(declarationsOf(config));
  const leases = createLeases(given, store.database, async (held) => {
    await collector.setSites(sources().sites.filter(({ name }) => held.has(siteLease(name))));
  });
  const receiver = createReceiver(given, ledger, store.database, leases);
  receiver.setSources(config);
  const address = await startApi(given, ledger, receiver);
  const collector = createCollector(given, ledger, leases);
  const maintenance = createMaintenance(given, ledger);
  const figures = createFigures(given, ledger);
  return { address, ledger, collector, leases, maintenance, figures, receiver };
}

/** Which sites this portal reads, of those that all portals on the database read. */
function createLeases(
  { config, logger, metrics, atEnd }: Given,
  database: Database,
  onChange: LeaseParts['onChange'],
): LeaseKeeper {
  const leases = new LeaseKeeper({
    database,
    clock: systemClock,
    logger,
    metrics,
    durationMs: config.leaseMs ?? LEASE_MS,
    alone: config.databaseUrl === undefined,
    onChange,
  });
  atEnd(async () => await leases.close());
  return leases;
}

function createReceiver(
  { clock, logger, metrics, atEnd }: Given,
  ledger: Ledger,
  database: Database,
  leases: LeaseKeeper,
): Receiver {
  const receiver = new Receiver({
    database: database.inLane('remoteWrite'),
    ledger: fencedLedger(ledger, () => leases.leaseOf(INBOX_LEASE)),
    clock,
    logger,
    metrics,
    folds: () => leases.holds(INBOX_LEASE),
  });
  atEnd(async () => await receiver.close());
  return receiver;
}

async function startApi(
  { config, sources, metrics, clock, logger, webFolder, atEnd }: Given,
  ledger: Ledger,
  receiver: Receiver,
): Promise<ListenAddress> {
  const grants = () => sources().grants ?? [];
  const ownNames = [config.listen.host, config.publicHost];
  const parts = { ledger, metrics, clock, grants, receiver };
  const server = await createApiServer({ ...parts, logger, webFolder, ownNames });
  atEnd(async () => {
    await closeServer(server.server);
    await server.close();
  });
  return await listen(server.server, config.listen);
}

function createCollector(
  { clock, logger, random = Math.random, metrics, atEnd }: Given,
  ledger: Ledger,
  leases: LeaseKeeper,
): Collector {
  const collector = new Collector({
    ledger: fencedLedger(ledger, (site) => leases.leaseOf(siteLease(site))),
    clock,
    logger,
    random,
    metrics,
    limits: DEFAULT_BODY_LIMITS,
  });
  atEnd(async () => await collector.close());
  return collector;
}

function createMaintenance({ sources, clock, logger, atEnd }: Given, ledger: Ledger): Maintenance {
  const maintenance = new Maintenance({ ledger, clock, logger, policy: () => sources().retention });
  atEnd(async () => await maintenance.close());
  return maintenance;
}

function createFigures({ sources, clock, logger, metrics, atEnd }: Given, ledger: Ledger): SiteFigures {
  const sites = () => declarationsOf(sources());
  const figures = new SiteFigures({ ledger, clock, logger, metrics, sites });
  atEnd(async () => await figures.close());
  return figures;
}
