import type { Server } from 'node:http';
import { createApiServer } from './api/api-server.ts';
import type { ApiContext } from './api/context/api-context.ts';
import { ALL_SERVICES, type SimulatedServices } from './api/context/services.ts';
import { TokenStore } from './api/context/tokens.ts';
import { USER_DOMAIN, type SimulatedUser } from './api/context/users.ts';
import type { FaultHook } from './faults.ts';
import type { CloudModel } from './model/cloud-model.ts';
import { belongingsTruth, flavorTruth, type BelongingsTruth } from './model/belongings-truth.ts';
import type { Flavor } from './model/server-life.ts';
import { usageTruth, type UsageTruth } from './model/truth.ts';
import { openProfileFile } from './profile/profile-file.ts';
import type { Clock } from '../runtime/clock.ts';
import { closeServer, formatAddress, listen, type ListenAddress } from '../runtime/http/listen.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Role } from '../runtime/role.ts';

export interface SimulatedCloudConfig {
  listen: ListenAddress;
  /** `startMs`: since when the machines of `existence = true` are up. */
  source: { profileFile: string; startMs: number } | { model: CloudModel };
  /** The first is the one that `environment()` signs in as. */
  users: readonly [SimulatedUser, ...SimulatedUser[]];
  region: string;
  tokenLifetimeMs: number;
  /** Nova's `[api]max_limit`. */
  maxLimit: number;
  /** All of them where undefined. */
  services?: Partial<SimulatedServices>;
}

export interface SimulatedCloud extends Role {
  /** After `start()`. */
  readonly address: ListenAddress;
  /** The `OS_…` variables by which to reach it, after `start()`. */
  environment(): Record<string, string>;
  /** The cloud as it is now. A profile that has changed is read again by this. */
  model(): CloudModel;
  /** Usage by project in [fromMs, toMs), amount × milliseconds. */
  truth(fromMs: number, toMs: number): Map<string, UsageTruth>;
  /** The same beside servers: volumes by type, floating IPs, stored bytes. */
  belongingsTruth(fromMs: number, toMs: number): Map<string, BelongingsTruth>;
  /** The same of what flavors are worth, such as GPUs: `amountOf` says how much. */
  flavorTruth(fromMs: number, toMs: number, amountOf: (flavor: Flavor) => number): Map<string, bigint>;
  /** Other services from now on; tokens keep the catalog that they came with. */
  setServices(services: Partial<SimulatedServices>): void;
  /** Another cloud from now on. */
  setModel(model: CloudModel): void;
  /** Lets requests fail; undefined ends it. */
  setFaults(hook: FaultHook | undefined): void;
  /** The clock of Nova's API is so far ahead from now on; behind where negative. */
  setNovaAhead(durationMs: number): void;
  /** The databases of these of Nova's cells do not answer from now on. */
  setDownCells(cells: Iterable<string>): void;
}

export const SIMULATION_DEFAULTS = {
  region: 'RegionOne',
  tokenLifetimeMs: 3_600_000,
  maxLimit: 1000,
} as const;

/** A cloud that speaks the APIs of Keystone, Nova, Cinder, Neutron and Swift over HTTP, and knows the truth about its usage. */
export function createSimulatedCloud(
  config: SimulatedCloudConfig,
  parts: SimulatedCloudParts,
): SimulatedCloud {
  return new SimulatedCloudRole(config, parts);
}

interface SimulatedCloudParts {
  clock: Clock;
  logger: Logger;
}

class SimulatedCloudRole implements SimulatedCloud {
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

  environment(): Record<string, string> {
    return signInEnvironment(this.address, this.#config);
  }

  model(): CloudModel {
    return this.#modelAt(this.#clock.nowMs());
  }

  truth(fromMs: number, toMs: number): Map<string, UsageTruth> {
    return usageTruth(this.model(), fromMs, toMs);
  }

  belongingsTruth(fromMs: number, toMs: number): Map<string, BelongingsTruth> {
    return belongingsTruth(this.model().belongings(fromMs, toMs), fromMs, toMs);
  }

  flavorTruth(fromMs: number, toMs: number, amountOf: (flavor: Flavor) => number): Map<string, bigint> {
    return flavorTruth(this.model(), fromMs, toMs, amountOf);
  }

  setServices(services: Partial<SimulatedServices>): void {
    this.#services = { ...this.#services, ...services };
  }

  setModel(model: CloudModel): void {
    this.#modelAt = () => model;
  }

  setFaults(hook: FaultHook | undefined): void {
    this.#faults = hook;
  }

  setNovaAhead(durationMs: number): void {
    this.#novaAheadMs = durationMs;
  }

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

/** Nobody reaches "all addresses": this machine's own is one of them. */
function reachableHost(host: string): string {
  return host === '' || host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
}
