import pLimit from 'p-limit';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import { connect, type Connection, duringStart, readSignIn } from './connection.ts';
import type { Snapshot } from '../exposition/exposition.ts';
import type { SignInFacts } from '../exposition/sign-in-facts.ts';
import { flavorGpuReader } from './flavor-gpus.ts';
import { readMeteredCloud, type MeteredCloud } from './metered-cloud.ts';
import { readNovaClock } from '../openstack/nova-clock.ts';
import { serviceEndpoint } from '../openstack/session/catalog.ts';
import type { Session } from '../openstack/session/session.ts';
import { MOST_NAMED_TOTALS } from '../metering/server-hours.ts';
import type { OwnMetrics } from '../exposition/own-metrics.ts';
import { countedBefore, refreshTotals, type RefreshParts } from './refresh.ts';
import { ServerGpus } from './server-gpus.ts';
import { ServerHistories } from './server-histories.ts';
import { isSampled } from '../settings/resources.ts';
import { sampler } from './sampling.ts';
import type { ExporterConfig } from '../settings/config.ts';
import { openStateStore, type StateStore } from '../state/state-store.ts';

export interface MeterParts {
  clock: Clock;
  logger: Logger;
  metrics: OwnMetrics;
}

/** The meter of one OpenStack: reads its usage, and keeps the totals in the state file. */
export class Meter {
  readonly #config: ExporterConfig;
  readonly #parts: MeterParts;
  readonly #connection: Connection;
  readonly #refreshParts: RefreshParts;
  readonly #oneAtATime = pLimit(1);
  #store: Promise<StateStore> | undefined;
  #signIn: SignInFacts | undefined;

  constructor(config: ExporterConfig, parts: MeterParts) {
    const { clock, metrics } = parts;
    this.#config = config;
    this.#parts = parts;
    this.#connection = connect(config, {
      clock,
      observe: (request) => metrics.observeRequest(request),
    });
    this.#refreshParts = this.#partsOfRefresh();
  }

  /** Opens the state file and signs in. Throws `UserError` where either fails. */
  async open(): Promise<void> {
    const { session } = this.#connection;
    const { clock, logger } = this.#parts;
    const counted = countedBefore((await this.#openStore()).current(), clock.nowMs());
    const cloud = await duringStart(async () => {
      const read = await readMeteredCloud(session, this.#config.domains, counted);
      await requireNova(session);
      return read;
    });
    await this.#reportSignIn();
    reportCloud(cloud, session, logger);
  }

  /** Folds in all usage up to now. Calls run one after the other. Throws where an answer is not complete. */
  async refresh(): Promise<Snapshot> {
    return await this.#oneAtATime(async () => {
      const snapshot = await refreshTotals(this.#refreshParts);
      await this.#reportSignIn();
      return snapshot;
    });
  }

  /** Undefined before the first sign-in. */
  get signIn(): SignInFacts | undefined {
    return this.#signIn;
  }

  /** Ends the running refresh and releases the state file. */
  async close(): Promise<void> {
    await this.#connection.close();
    await this.#oneAtATime(() => undefined); // the running refresh has ended
    const store = await this.#store?.catch(() => undefined);
    await store?.close();
  }

  /** Logs the first sign-in. A cloud that did not answer at the start signs in later. */
  async #reportSignIn(): Promise<void> {
    if (this.#signIn !== undefined) return;
    this.#signIn = await readSignIn(this.#connection.session);
    this.#parts.logger.info(this.#signIn, 'signed in to Keystone');
  }

  async #openStore(): Promise<StateStore> {
    const { stateFile: path, startMs } = this.#config;
    const { clock, logger } = this.#parts;
    this.#store ??= openStateStore({ path, startMs, nowMs: clock.nowMs(), logger });
    return await this.#store;
  }

  #partsOfRefresh(): RefreshParts {
    const { session } = this.#connection;
    const { clock, logger, metrics } = this.#parts;
    const { domains, resources, gpuAliases: aliases, serverHours } = this.#config;
    return {
      settings: this.#config,
      readCloud: async (counted) => await readMeteredCloud(session, domains, counted),
      readClock: async () => await readNovaClock(session),
      gpus: resources.includes('gpu')
        ? {
            flavors: flavorGpuReader({ session, aliases, logger, metrics }),
            servers: new ServerGpus({ aliases, logger, metrics }),
          }
        : undefined,
      histories: serverHours ? new ServerHistories(logger) : undefined,
      sample: sampler({ resources: resources.filter(isSampled), logger, metrics }),
      openStore: async () => await this.#openStore(),
      clock,
      logger,
      onDropped: (servers) => metrics.countDropped(servers),
      onServerHours: serverHoursReport(this.#parts),
      onClock: (aheadMs) => metrics.setNovaAhead(aheadMs),
      onCloud: (cloud) => metrics.setWholeCloud(cloud.allProjects),
    };
  }
}

/** Shows the number of totals of server hours, and warns once if it reaches the bound. */
function serverHoursReport({ logger, metrics }: MeterParts): (totals: number) => void {
  let isReported = false;
  return (totals) => {
    metrics.setServerHoursTotals(totals);
    if (totals >= MOST_NAMED_TOTALS && !isReported)
      logger.warn({ totals }, 'too many totals of server hours: new ones have no name of a flavor');
    isReported ||= totals >= MOST_NAMED_TOTALS;
  };
}

/** Throws where the catalog has no Nova: a missing region is an error of the operator. Nova itself may answer later. */
async function requireNova(session: Session): Promise<void> {
  const { credentials } = session;
  const { catalog } = await session.signIn();
  if (credentials.endpoints.compute === undefined) serviceEndpoint(catalog, 'compute', credentials);
}

function reportCloud({ allProjects, projects }: MeteredCloud, session: Session, logger: Logger): void {
  if (allProjects) return;
  const bound = session.credentials.identity.method === 'application_credential';
  logger.warn(
    { projects: projects.map(({ name }) => name) },
    bound
      ? 'the application credential may not read the projects of the cloud: only its own project is exported'
      : 'the user may not read the projects of the cloud: only the projects in which the user has a role are exported',
  );
}
