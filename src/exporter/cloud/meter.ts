import pLimit from 'p-limit';
import type { Dispatcher } from 'undici';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import { shownUrl } from '../../runtime/http/shown-url.ts';
import { connect, duringStart } from './connection.ts';
import type { Snapshot } from '../exposition/exposition.ts';
import { createGpuCounting } from './gpu-counting.ts';
import { readMeteredCloud, type MeteredCloud } from './metered-cloud.ts';
import { isOfSystem } from '../openstack/credentials/credentials.ts';
import { readNovaClock } from '../openstack/nova-clock.ts';
import { serviceEndpoint } from '../openstack/session/catalog.ts';
import type { Session } from '../openstack/session/session.ts';
import type { OwnMetrics } from '../exposition/own-metrics.ts';
import { countedBefore, createRefresher } from './refresh.ts';
import { createServerGpus } from './server-gpus.ts';
import { isSampled } from '../settings/resources.ts';
import { createSampler } from './sampling.ts';
import type { ExporterConfig } from '../settings/config.ts';
import { openStateStore, type StateStore } from '../state/state-store.ts';

/** An OpenStack, and the totals of what it was read to have used. */
export interface Meter {
  /** Takes the state file and signs in; throws a `UserError` where either can't be done. */
  open(): Promise<void>;
  /** Folds in everything up to now, one call after the other. Throws where anything is not complete. */
  refresh(): Promise<Snapshot>;
  /** Breaks off what is under way and gives the state file back. */
  close(): Promise<void>;
}

export interface MeterOptions {
  clock: Clock;
  logger: Logger;
  metrics: OwnMetrics;
  dispatcher?: Dispatcher | undefined;
}

export function createMeter(config: ExporterConfig, options: MeterOptions): Meter {
  const { clock, logger, metrics, dispatcher } = options;
  const connection = connect(config, {
    clock,
    dispatcher,
    observe: (request) => metrics.observeRequest(request),
  });
  let store: Promise<StateStore> | undefined;

  async function openStore(): Promise<StateStore> {
    const { stateFile: path, startMs } = config;
    store ??= openStateStore({ path, startMs, nowMs: clock.nowMs(), logger });
    return await store;
  }

  const oneAtATime = pLimit(1);
  const { session } = connection;
  const { resources, gpuAliases: aliases } = config;
  const refresh = createRefresher({
    settings: config,
    readCloud: async (counted) => await readMeteredCloud(session, config.domains, counted),
    readClock: async () => await readNovaClock(session),
    gpus: resources.includes('gpu')
      ? {
          flavors: createGpuCounting({ session, aliases, logger, metrics }),
          servers: createServerGpus({ aliases, logger, metrics }),
        }
      : undefined,
    sample: createSampler({ resources: resources.filter(isSampled), logger, metrics }),
    openStore,
    clock,
    logger,
    onDropped: (servers) => metrics.countDropped(servers),
    onClock: (aheadMs) => metrics.setNovaAhead(aheadMs),
    onCloud: (cloud) => metrics.setWholeCloud(cloud.allProjects),
  });

  return {
    open: async () => {
      const counted = countedBefore((await openStore()).current(), clock.nowMs());
      const cloud = await duringStart(async () => {
        const read = await readMeteredCloud(session, config.domains, counted);
        await requireNova(session);
        return read;
      });
      await reportSignIn(session, logger);
      reportCloud(cloud, session, logger);
    },
    refresh: async () => await oneAtATime(refresh),
    close: async () => {
      await connection.close();
      await oneAtATime(() => undefined); // a refresh that was under way has ended
      const opened = await store?.catch(() => undefined);
      await opened?.close();
    },
  };
}

/** Who reads what, without a secret. */
async function reportSignIn(session: Session, logger: Logger): Promise<void> {
  const { authUrl, region } = session.credentials;
  const { user, project } = await session.signIn();
  const scope = isOfSystem(session.credentials) ? { system: 'all' } : { project };
  const fields = { keystone: shownUrl(authUrl), user, ...scope, region };
  logger.info(fields, 'signed in to Keystone');
}

/** Not that it answers, which it may do later: a region that is not there is for the operator to mend. */
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
      ? 'the application credential may not read the projects of the cloud: the one that it is bound to is all that is exported'
      : 'the user may not read the projects of the cloud: those that it has a role in are all that is exported',
  );
}
