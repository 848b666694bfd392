import type { Server } from 'node:http';
import { createApiServer } from './api/api-server.ts';
import type { ApiContext } from './api/context/api-context.ts';
import { ALL_SERVICES, type SimulatedServices } from './api/context/services.ts';
import { TokenStore } from './api/context/tokens.ts';
import { USER_DOMAIN, type SimulatedUser } from './api/context/users.ts';
import type { FaultHook } from './faults.ts';
import type { CloudModel } from './model/cloud-model.ts';
import { openProfileFile } from './profile/profile-file.ts';
import type { Clock } from '../runtime/clock.ts';
import { closeServer, formatAddress, listen, type ListenAddress } from '../runtime/http/listen.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Role } from '../runtime/role.ts';

export interface SimulatedCloudConfig {
  listen: ListenAddress;
  /** A profile or a model. Machines of a profile with `existence = true` are up since `startMs`. */
  source: { profileFile: string; startMs: number } | { model: CloudModel };
  /** `environment()` has the credentials of the first user. */
  users: readonly [SimulatedUser, ...SimulatedUser[]];
  region: string;
  tokenLifetimeMs: number;
  /** Nova's `[api]max_limit`. */
  maxLimit: number;
  /** Services that are not named are present. */
  services?: Partial<SimulatedServices>;
}

export const SIMULATION_DEFAULTS = {
  region: 'RegionOne',
  tokenLifetimeMs: 3_600_000,
  maxLimit: 1000,
} as const;

interface SimulatedCloudParts {
  clock: Clock;
  logger: Logger;
}

export function createSimulatedCloud(
  config: SimulatedCloudConfig,
  parts: SimulatedCloudParts,
): SimulatedCloud {
  return new SimulatedCloud(config, parts);
}

/** A cloud with the APIs of Keystone, Nova, Cinder, Neutron and Swift over HTTP. */
export class SimulatedCloud implements Role {
  readonly #config: SimulatedCloudConfig;
  readonly #clock: Clock;
  readonly #tokens: TokenStore;
  readonly #server: Server;
  #modelAt: (nowMs: number) => CloudModel;
  #services: SimulatedServices;
  #faults: FaultHook | undefined;
  #novaAheadMs = 0;
  #downCells: ReadonlySet<string> = new Set();
  #address: ListenAddress | undefined;

  constructor(config: SimulatedCloudConfig, { clock, logger }: SimulatedCloudParts) {
    this.#config = config;
    this.#clock = clock;
    this.#tokens = new TokenStore(config.tokenLifetimeMs);
    this.#modelAt = modelSource(config.source, logger);
    this.#services = { ...ALL_SERVICES, ...config.services };
    this.#server = createApiServer({
      clock,
      logger,
      context: () => this.#context(),
      faults: () => this.#faults,
      novaAheadMs: () => this.#novaAheadMs,
    });
  }

  /** Available after `start()`. */
  get address(): ListenAddress {
    if (this.#address === undefined) throw new Error('the simulated cloud has not started');
    return this.#address;
  }

  async start(): Promise<void> {
    this.#address = await listen(this.#server, this.#config.listen);
  }

  async close(): Promise<void> {
    await closeServer(this.#server);
  }

  /** The `OS_…` variables of a client. Available after `start()`. */
  environment(): Record<string, string> {
    return signInEnvironment(this.address, this.#config);
  }

  /** The current model. Reads a profile again if it has changed. */
  model(): CloudModel {
    return this.#modelAt(this.#clock.nowMs());
  }

  /** Changes the services. Tokens keep the catalog of their sign-in. */
  setServices(services: Partial<SimulatedServices>): void {
    this.#services = { ...this.#services, ...services };
  }

  setModel(model: CloudModel): void {
    this.#modelAt = () => model;
  }

  /** Sets faults for requests; undefined removes them. */
  setFaults(hook: FaultHook | undefined): void {
    this.#faults = hook;
  }

  /** Sets the clock of Nova's API ahead, or back if negative. */
  setNovaAhead(durationMs: number): void {
    this.#novaAheadMs = durationMs;
  }

  /** Sets Nova's cells whose databases do not answer. */
  setDownCells(cells: Iterable<string>): void {
    this.#downCells = new Set(cells);
  }

  #context(): ApiContext {
    const { users, region, maxLimit } = this.#config;
    const nowMs = this.#clock.nowMs();
    return {
      model: this.#modelAt(nowMs),
      nowMs,
      novaNowMs: nowMs + this.#novaAheadMs,
      downCells: this.#downCells,
      tokens: this.#tokens,
      users,
      region,
      maxLimit,
      services: this.#services,
    };
  }
}

function modelSource(source: SimulatedCloudConfig['source'], logger: Logger): (nowMs: number) => CloudModel {
  if ('model' in source) return () => source.model;
  const file = openProfileFile(source.profileFile, source.startMs, logger);
  return (nowMs) => file.model(nowMs);
}

function signInEnvironment(
  address: ListenAddress,
  { users, region }: SimulatedCloudConfig,
): Record<string, string> {
  const [user] = users;
  return {
    OS_AUTH_URL: `http://${formatAddress({ ...address, host: reachableHost(address.host) })}/v3`,
    OS_USERNAME: user.name,
    OS_PASSWORD: user.password,
    OS_USER_DOMAIN_NAME: USER_DOMAIN.name,
    OS_PROJECT_NAME: user.project.name,
    OS_PROJECT_DOMAIN_NAME: USER_DOMAIN.name,
    OS_REGION_NAME: region,
    OS_INTERFACE: 'public',
    OS_IDENTITY_API_VERSION: '3',
  };
}

/** An address for clients. Loopback stands for "all addresses", which no client can connect to. */
function reachableHost(host: string): string {
  return host === '' || host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
}
