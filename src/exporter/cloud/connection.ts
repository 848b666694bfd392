import type { Dispatcher } from 'undici';
import type { Clock } from '../../runtime/clock.ts';
import { describeError, UserError } from '../../runtime/user-error.ts';
import { createConnections } from '../openstack/session/agent.ts';
import { createHttp, type RequestObservation } from '../openstack/session/http.ts';
import { createSession, type Session } from '../openstack/session/session.ts';
import type { ExporterConfig } from '../settings/config.ts';

const MAX_ANSWER_BYTES = 256 * 1024 * 1024;

export interface Connection {
  session: Session;
  /** Breaks off what is under way, and every request to come. */
  close(): Promise<void>;
}

export interface ConnectionOptions {
  clock: Clock;
  /** Another way to HTTP than over the network. */
  dispatcher?: Dispatcher | undefined;
  observe?: (observation: RequestObservation) => void;
}

/** The connection of one exporter to its OpenStack. Nothing is asked yet. */
export function connect(config: ExporterConfig, options: ConnectionOptions): Connection {
  const { credentials, requestTimeoutMs, firstRetryDelayMs } = config;
  const { clock, observe } = options;
  const ending = new AbortController();
  const own = createConnections(credentials, config.proxies);
  const http = createHttp({
    clock,
    dispatcher: options.dispatcher ?? own.dispatcher,
    timeoutMs: requestTimeoutMs,
    maxBodyBytes: MAX_ANSWER_BYTES,
    retries: 2,
    firstRetryDelayMs,
    ...(observe === undefined ? {} : { observe }),
  });
  return {
    session: createSession({ credentials, http, clock, signal: ending.signal }),
    close: async () => {
      ending.abort();
      await own.destroy();
    },
  };
}

/** Runs what an exporter does before it serves: a failure there is for the operator to mend. */
export async function duringStart<T>(attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${describeError(error)}; see OS_AUTH_URL`, { cause: error });
  }
}
