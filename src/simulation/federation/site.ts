import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createExporter, type Exporter } from '../../exporter/exporter.ts';
import { readCredentials } from '../../exporter/openstack/credentials/credentials.ts';
import { exporterConfig } from '../../exporter/settings/config.ts';
import { readExporterSettings } from '../../exporter/settings/settings.ts';
import { createGate, type Gate } from '../../gate/server.ts';
import type { SiteConfig } from '../../portal/settings/settings.ts';
import { SERVER_SELECTORS, USAGE_SELECTORS } from '../../prometheus/usage-metrics.ts';
import type { Clock } from '../../runtime/clock.ts';
import { formatAddress, type ListenAddress } from '../../runtime/http/listen.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Role } from '../../runtime/role.ts';
import { readExporterState } from '../exporter-state.ts';
import { SIMULATED_ADMINISTRATOR } from '../administrator.ts';
import { generatedCloud, type GeneratedCloudOptions } from '../generated/generated-cloud.ts';
import { createSimulatedCloud, SIMULATION_DEFAULTS, type SimulatedCloud } from '../simulated-cloud.ts';
import { freeAddress } from './free-address.ts';

/** Exporters count usage up to this long before now. */
export const SETTLING_DELAY_MS = 2000;
const INTERVAL_SECONDS = 10;
const FIRST_WINDOW_MS = 3_600_000;
const SWEEP_INTERVAL_MS = 5000;
/** One simulated day. */
const TOKEN_LIFETIME_MS = 86_400_000;

export interface SiteOptions {
  name: string;
  cloud: GeneratedCloudOptions;
  /** Ports on loopback, used if they are free. */
  ports: { exporter: number; gate: number };
}

export interface SiteParts {
  folder: string;
  /** The gate's token. */
  token: string;
  /** Start of the history in Unix milliseconds. */
  startMs: number;
  clock: Clock;
  logger: Logger;
}

/** A simulated site: a cloud, its exporter, and a gate in front of it. */
export class SimulatedSite implements Role {
  readonly name: string;
  readonly #options: SiteOptions;
  readonly #parts: SiteParts;
  readonly #cloud: SimulatedCloud;
  #exporter: Exporter | undefined;
  #gate: Gate | undefined;

  constructor(options: SiteOptions, parts: SiteParts) {
    const { clock, logger } = parts;
    this.name = options.name;
    this.#options = options;
    this.#parts = parts;
    this.#cloud = createSimulatedCloud(
      {
        ...SIMULATION_DEFAULTS,
        listen: { host: '127.0.0.1', port: 0 },
        source: { model: generatedCloud(options.cloud) },
        users: [SIMULATED_ADMINISTRATOR],
        tokenLifetimeMs: TOKEN_LIFETIME_MS,
      },
      { clock, logger },
    );
  }

  /** Throws before `start()` has resolved. */
  get exporter(): Exporter {
    return started(this.#exporter);
  }

  /** The site in the portal's configuration. Throws before `start()` has resolved. */
  portalEntry(): SiteConfig {
    return portalEntry(this.name, started(this.#gate).address, this.#parts.token);
  }

  async start(): Promise<void> {
    await this.#cloud.start();
    this.#exporter = await siteExporter(this.#options, this.#parts, this.#cloud);
    await this.#exporter.start();
    this.#gate = await siteGate(this.#options, this.#parts, this.#exporter);
    await this.#gate.start();
  }

  async close(): Promise<void> {
    await this.#gate?.close();
    await this.#exporter?.close();
    await this.#cloud.close();
  }
}

function started<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('the site has not started');
  return part;
}

async function siteExporter(
  { ports }: SiteOptions,
  { folder, startMs, clock, logger }: SiteParts,
  cloud: SimulatedCloud,
): Promise<Exporter> {
  await mkdir(folder, { recursive: true });
  const flags = {
    state: stateFile(folder),
    interval: INTERVAL_SECONDS,
    settlingDelay: SETTLING_DELAY_MS / 1000,
    serverHours: true,
  };
  const settings = readExporterSettings({ flags, env: {} });
  const config = exporterConfig(settings, readCredentials(cloud.environment()), clock.nowMs());
  const listen = await freeAddress(loopback(ports.exporter));
  // The first refresh then folds an hour, so the first sweep finds server hours, which have no series before.
  return createExporter({ ...config, listen, startMs: startMs - FIRST_WINDOW_MS }, { clock, logger });
}

async function siteGate(
  { ports }: SiteOptions,
  { token, clock, logger }: SiteParts,
  exporter: Exporter,
): Promise<Gate> {
  const url = new URL(`http://${formatAddress(exporter.address)}`);
  const listen = await freeAddress(loopback(ports.gate));
  const config = { listen, source: { kind: 'exporter' as const, url }, authToken: token, serverHours: true };
  return createGate(config, { clock, logger });
}

function portalEntry(name: string, gate: ListenAddress, token: string): SiteConfig {
  return {
    name,
    url: `http://${formatAddress(gate)}`,
    token,
    ca: undefined,
    intervalMs: SWEEP_INTERVAL_MS,
    timeoutMs: 30_000,
    labels: {},
    selectors: [...USAGE_SELECTORS, ...SERVER_SELECTORS],
  };
}

/** The instant up to which the site has folded usage; undefined if it has never run. */
export async function foldedUntil(folder: string): Promise<number | undefined> {
  return (await readExporterState(stateFile(folder)))?.meter.untilMs;
}

function stateFile(folder: string): string {
  return join(folder, 'exporter-state.json');
}

function loopback(port: number): ListenAddress {
  return { host: '127.0.0.1', port };
}
