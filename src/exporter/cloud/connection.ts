import type { Clock } from '../../runtime/clock.ts';
import { shownUrl } from '../../runtime/http/shown-url.ts';
import { describeError, UserError } from '../../runtime/user-error.ts';
import type { SignInFacts } from '../exposition/sign-in-facts.ts';
import { isOfSystem } from '../openstack/credentials/credentials.ts';
import { ServiceConnections } from '../openstack/session/agent.ts';
import { httpClient, type RequestObservation } from '../openstack/session/http.ts';
import { KeystoneSession, type Session } from '../openstack/session/session.ts';
import type { ExporterConfig } from '../settings/config.ts';

const MAX_ANSWER_BYTES = 256 * 1024 * 1024;

export interface Connection {
  session: Session;
  /** Aborts all running requests, and every later one. */
  close(): Promise<void>;
}

export interface ConnectionOptions {
  clock: Clock;
  observe?: (observation: RequestObservation) => void;
}

/** The connection of one exporter to its OpenStack. Sends no request yet. */
export function connect(config: ExporterConfig, options: ConnectionOptions): Connection {
  const { credentials, requestTimeoutMs, firstRetryDelayMs } = config;
  const { clock, observe } = options;
  const ending = new AbortController();
  const connections = new ServiceConnections(credentials, config.proxies);
  const http = httpClient({
    clock,
    connections,
    timeoutMs: requestTimeoutMs,
    maxBodyBytes: MAX_ANSWER_BYTES,
    retries: 2,
    firstRetryDelayMs,
    ...(observe === undefined ? {} : { observe }),
  });
  return {
    session: new KeystoneSession({ credentials, http, clock, signal: ending.signal }),
    close: async () => {
      ending.abort();
      await connections.destroy();
    },
  };
}

/** The user and the scope of the sign-in, without a secret. */
export async function readSignIn(session: Session): Promise<SignInFacts> {
  const { authUrl, region } = session.credentials;
  const { user, project } = await session.signIn();
  const scope = isOfSystem(session.credentials) ? { system: 'all' } : { project };
  return { keystone: shownUrl(authUrl), user, ...scope, region };
}

/** Runs a step before the exporter serves. Throws `UserError` for every failure, because the operator has to act. */
export async function duringStart<T>(attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${describeError(error)}; see OS_AUTH_URL`, { cause: error });
  }
}
