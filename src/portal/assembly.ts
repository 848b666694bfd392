import type { IncomingMessage } from 'node:http';
import { systemClock, type Clock } from '../runtime/clock.ts';
import {
  closeServer,
  formatAddress,
  isLoopback,
  listen,
  type ListenAddress,
} from '../runtime/http/listen.ts';
import type { Logger } from '../runtime/logger.ts';
import { Access } from './access/access.ts';
import { makeFirstToken } from './access/first-token.ts';
import { EVERYTHING } from './access/rights/scope.ts';
import { DEFAULT_POLICY } from './access/access-policy.ts';
import { Attempts } from './access/attempts.ts';
import { SignIns } from './access/oidc/sign-ins.ts';
import { ProxyPeople } from './access/proxy-sign-in.ts';
import { AccountStore } from './accounts/account-store.ts';
import { configuredGrants } from './accounts/configured-grants.ts';
import { membershipsIn } from './accounts/memberships.ts';
import { LiveStreams } from './api/events/live-streams.ts';
import { createApiServer } from './api/server.ts';
import type { ApiParts } from './api/shapes/api-parts.ts';
import type { SignInParts } from './api/shapes/sign-in-parts.ts';
import { answerBackup } from './backup/backup-over-socket.ts';
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
import { openReadReplica } from './read-replica.ts';
import { openOwnerSocket } from './owner-socket.ts';
import { answerReload } from './reload-over-socket.ts';
import { Receiver } from './remote-write/receiver.ts';
import type { AccessConfig } from './settings/access-settings.ts';
import type { PortalConfig } from './settings/settings.ts';
import { SiteFigures } from './site-figures.ts';
import { Store } from './store.ts';

/**
 * The settings that a reload applies: where readings come from, which grants exist, who may read what, and how long data
 * is kept.
 */
export type PortalSources = Pick<PortalConfig, 'sites' | 'senders' | 'grants' | 'retention' | 'access'>;

/** The parts of a running portal. */
export interface Assembly {
  address: ListenAddress;
  ledger: Ledger;
  accounts: AccountStore;
  access: Access;
  collector: Collector;
  leases: LeaseKeeper;
  maintenance: Maintenance;
  figures: SiteFigures;
  receiver: Receiver;
}

/** The settings and tools that the parts of a portal need. */
interface AssemblyParts {
  config: PortalConfig;
  /** Returns the present sources: a reload may change them. */
  sources: () => PortalSources;
  metrics: PortalMetrics;
  clock: Clock;
  logger: Logger;
  random?: (() => number) | undefined;
  webFolder?: string | undefined;
  /** Reads the sources again. */
  reload: () => Promise<void>;
  /** Registers a function that closes a part. The caller closes the part that was registered last first. */
  atEnd: (end: () => Promise<void>) => void;
}

/** The usual duration of a lease: a portal that does not renew its leases keeps its sites for this long. */
const LEASE_MS = 30_000;

/** Creates the parts of a portal and connects them. Starts the ledger and the API, but sweeps and folds nothing yet. */
export async function assemble(parts: AssemblyParts): Promise<Assembly> {
  const { config, sources } = parts;
  const store = new Store(config, parts);
  parts.atEnd(async () => await store.close());
  const ledger = await store.open();
  const accounts = createAccounts(parts, store.database);
  const access = createAccess(parts, store.database, accounts);
  await accounts.refuseConfigured(config.grants);
  if (config.access?.providers.length === 0 && config.access.proxy === undefined)
    await makeFirstToken(access.tokens, config.dataFolder, parts.logger);
  await ledger.declareSites(declarationsOf(config));
  const leases = createLeases(parts, store.database, async (held) => {
    await collector.setSites(sources().sites.filter(({ name }) => held.has(siteLease(name))));
  });
  const receiver = createReceiver(parts, ledger, store.database, leases);
  receiver.setSources(config);
  const replica = await createReplica(parts, ledger, store.database);
  const live = new LiveStreams();
  const address = await startApi(
    parts,
    { ledger, replica, accounts, receiver, live },
    createSignIn(parts, access, store.database),
  );
  const collector = createCollector(parts, ledger, leases);
  const maintenance = createMaintenance(parts, ledger, leases);
  const figures = createFigures(parts, ledger, live);
  return { address, ledger, accounts, access, collector, leases, maintenance, figures, receiver };
}

/** The portals on one database share the sites. The leases decide which sites this portal reads. */
function createLeases(
  { config, logger, metrics, atEnd }: AssemblyParts,
  database: Database,
  onChange: LeaseParts['onChange'],
): LeaseKeeper {
  const leases = new LeaseKeeper({
    database,
    clock: systemClock,
    logger,
    metrics,
    durationMs: config.leaseMs ?? LEASE_MS,
    exclusive: config.databaseUrl === undefined,
    onChange,
  });
  atEnd(async () => await leases.close());
  return leases;
}

function createReceiver(
  { clock, logger, metrics, atEnd }: AssemblyParts,
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

function createAccounts({ sources, clock }: AssemblyParts, database: Database): AccountStore {
  const configured = () => configuredGrants(sources().grants ?? []);
  return new AccountStore({ database, clock, configured });
}

/** Sessions and sign-ins last in real time, also if the clock of a simulation runs fast. */
function createAccess(
  { sources, logger, atEnd }: AssemblyParts,
  database: Database,
  accounts: AccountStore,
): Access {
  const access = new Access({
    database,
    clock: systemClock,
    logger,
    policy: () => sources().access?.policy ?? DEFAULT_POLICY,
    memberships: async (person) => membershipsIn((await accounts.present(EVERYTHING)).grants, person),
  });
  atEnd(async () => await access.upkeep.close());
  return access;
}

async function createReplica(parts: AssemblyParts, ledger: Ledger, primary: Database) {
  const { databaseReadUrl: url, limits } = parts.config;
  if (url === undefined) return undefined;
  return await openReadReplica({ ...parts, url, primary, onPrimary: ledger, limits });
}

async function startApi(
  { config, sources, metrics, clock, logger, webFolder, reload, atEnd }: AssemblyParts,
  apiParts: Pick<ApiParts, 'ledger' | 'replica' | 'accounts' | 'receiver'> & { live: LiveStreams },
  signInParts: Omit<SignInParts, 'config' | 'baseUrl'>,
): Promise<ListenAddress> {
  const ownNames = [config.listen.host, config.publicUrl?.hostname];
  const ownerRequests = new WeakSet<IncomingMessage>();
  const localWrites = isLoopback(config.listen.host) && config.publicUrl === undefined;
  const address: { bound?: ListenAddress } = {};
  const signIn =
    config.access === undefined
      ? undefined
      : {
          ...signInParts,
          config: accessOf(sources, config.access),
          baseUrl: () => baseUrlOf(config, address.bound),
        };
  const parts = { ...apiParts, metrics, clock, ownerRequests, localWrites, signIn };
  const server = await createApiServer({ ...parts, logger, webFolder, ownNames });
  atEnd(async () => {
    apiParts.live.close();
    await closeServer(server.server);
    await server.close();
  });
  address.bound = await listen(server.server, config.listen);
  const socket = await openOwnerSocket(
    config.dataFolder,
    (request, response) => {
      if (answerReload(request, response, reload)) return;
      if (answerBackup(apiParts.ledger, logger, request, response)) return;
      ownerRequests.add(request);
      server.routing(request, response);
    },
    logger,
  );
  atEnd(async () => await socket.close());
  return address.bound;
}

function createSignIn({ sources }: AssemblyParts, access: Access, database: Database) {
  const providers = () => sources().access?.providers ?? [];
  return {
    access,
    signIns: new SignIns({ database, clock: systemClock, providers }),
    proxyPeople: new ProxyPeople(access.people, systemClock),
    attempts: new Attempts(systemClock),
    wrongTokens: new Attempts(systemClock),
  };
}

/** A reload may change [access], but not remove it. */
function accessOf(sources: () => PortalSources, first: AccessConfig): () => AccessConfig {
  return () => sources().access ?? first;
}

/** Without `public_url` the portal listens on loopback. */
function baseUrlOf({ publicUrl, listen: asked }: PortalConfig, bound: ListenAddress | undefined): string {
  return publicUrl?.href.replace(/\/+$/, '') ?? `http://${formatAddress(bound ?? asked)}`;
}

function createCollector(
  { clock, logger, random = Math.random, metrics, atEnd }: AssemblyParts,
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

function createMaintenance(
  { sources, clock, logger, atEnd }: AssemblyParts,
  ledger: Ledger,
  leases: LeaseKeeper,
): Maintenance {
  const maintenance = new Maintenance({
    ledger: { maintain: async (policy) => await ledger.maintain(policy, leases.holder) },
    clock,
    logger,
    policy: () => sources().retention,
  });
  atEnd(async () => await maintenance.close());
  return maintenance;
}

function createFigures(
  { sources, clock, logger, metrics, atEnd }: AssemblyParts,
  ledger: Ledger,
  live: LiveStreams,
): SiteFigures {
  const sites = () => declarationsOf(sources());
  const figures = new SiteFigures({ ledger, clock, logger, metrics, sites, live });
  atEnd(async () => await figures.close());
  return figures;
}
