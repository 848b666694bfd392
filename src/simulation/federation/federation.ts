import { join, resolve } from 'node:path';
import { EVERYTHING } from '../../portal/access/rights/scope.ts';
import { grantsFile } from '../../portal/accounts/grants/documents.ts';
import { createPortal, type Portal } from '../../portal/portal.ts';
import { useAccounts } from '../../portal/use-accounts.ts';
import type { Clock } from '../../runtime/clock.ts';
import { formatAddress, type ListenAddress } from '../../runtime/http/listen.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Role } from '../../runtime/role.ts';
import { describeError } from '../../runtime/user-error.ts';
import { DemoProvider } from '../identity/demo-provider.ts';
import { openMemory, type FederationMemory } from './data-folder.ts';
import { demoAccess, PROVIDER } from './demo-access.ts';
import { demoGrants } from './demo-grants.ts';
import { FastClock } from './fast-clock.ts';
import { freeAddress } from './free-address.ts';
import { startOfHour, wholeHoursBetween } from './hours.ts';
import { foldedUntil, SETTLING_DELAY_MS, SimulatedSite, type SiteOptions } from './site.ts';

export interface FederationConfig {
  /** The folder of all files of the federation. */
  dataFolder: string;
  /** The portal's address. */
  listen: ListenAddress;
  /** The length of the history before the first start. */
  historyMs: number;
  sites: readonly SiteOptions[];
}

export interface FederationParts {
  clock: Clock;
  logger: Logger;
  /** Called when the portal serves. The simulation of the past still goes on. */
  onPortal?: (address: ListenAddress) => void;
  /** Called after each simulated hour of the past. */
  onProgress?: (done: number, hours: number) => void;
  /** Called when the simulation reaches the present. */
  onReady?: (address: ListenAddress) => void;
}

/**
 * Simulated sites, each with an exporter and a gate, and a portal that reads them over HTTP, all in one process. `start()`
 * first simulates the time up to now, hour by hour in fast motion. After that the clock is real.
 */
export function createFederation(config: FederationConfig, parts: FederationParts): Federation {
  return new Federation(config, parts);
}

export class Federation implements Role {
  readonly #config: FederationConfig;
  readonly #parts: FederationParts;
  readonly #clock: FastClock;
  readonly #ending = new AbortController();
  readonly #identities = new DemoProvider();
  #sites: readonly SimulatedSite[] = [];
  #portal: Portal | undefined;
  #starting: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(config: FederationConfig, parts: FederationParts) {
    this.#config = config;
    this.#parts = parts;
    this.#clock = new FastClock(parts.clock);
  }

  /** The portal's address, available after its start. */
  get address(): ListenAddress {
    if (this.#portal === undefined) throw new Error('the federation has not started');
    return this.#portal.address;
  }

  async start(): Promise<void> {
    this.#starting ??= this.#startAll();
    await this.#starting;
  }

  async close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    await this.#closing;
  }

  async #startAll(): Promise<void> {
    const { dataFolder, historyMs, sites } = this.#config;
    const firstMs = startOfHour(this.#parts.clock.nowMs() - historyMs);
    const names = sites.map(({ name }) => name);
    const memory = await openMemory(dataFolder, names, firstMs);
    const livedMs = await this.#livedUntil(memory.startMs);
    this.#clock.set(livedMs + SETTLING_DELAY_MS);
    await this.#startSites(memory);
    if (this.#ending.signal.aborted) return;
    this.#portal = await this.#startPortal();
    await this.#giveGrants(memory.startMs);
    await this.#liveThrough(livedMs);
    this.#clock.release();
    if (!this.#ending.signal.aborted) this.#parts.onReady?.(this.#portal.address);
  }

  /** The instant up to which every site has folded its usage. */
  async #livedUntil(startMs: number): Promise<number> {
    const untils = await Promise.all(
      this.#config.sites.map(async ({ name }) => (await foldedUntil(this.#folderOf(name))) ?? startMs),
    );
    return Math.min(...untils);
  }

  async #startSites({ startMs, tokens }: FederationMemory): Promise<void> {
    const { logger } = this.#parts;
    this.#sites = this.#config.sites.map(
      (options) =>
        new SimulatedSite(options, {
          folder: this.#folderOf(options.name),
          token: tokens[options.name] ?? '',
          startMs,
          clock: this.#clock,
          logger: logger.child({ site: options.name }, { level: 'warn' }),
        }),
    );
    for (const site of this.#sites) {
      if (this.#ending.signal.aborted) return;
      await site.start();
    }
  }

  async #startPortal(): Promise<Portal> {
    const { dataFolder, listen } = this.#config;
    // At its usual address the people of an earlier start are the same, because an identity names its issuer.
    await this.#identities.listen(await freeAddress(PROVIDER.address));
    const portal = createPortal(
      {
        listen,
        dataFolder: join(dataFolder, 'portal'),
        databaseUrl: undefined,
        sites: this.#sites.map((site) => site.portalEntry()),
        autoSweep: true,
        access: demoAccess(this.#identities.issuer),
      },
      { clock: this.#clock, logger: this.#parts.logger.child({}, { level: 'warn' }) },
    );
    await portal.start();
    await this.#identities.serve(`http://${formatAddress(portal.address)}/sign-in/callback/${PROVIDER.name}`);
    this.#parts.onPortal?.(portal.address);
    return portal;
  }

  /** Grants that somebody changed or added stay as they are. */
  async #giveGrants(startMs: number): Promise<void> {
    const { sites, dataFolder } = this.#config;
    const { clock, logger } = this.#parts;
    const place = { dataFolder: join(dataFolder, 'portal'), databaseUrl: undefined };
    await useAccounts(place, { clock, logger }, async (accounts) => {
      if ((await accounts.file(EVERYTHING)).grant.length > 0) return;
      const file = grantsFile.parse(demoGrants(sites, startMs, clock.nowMs()));
      await accounts.apply(file, { author: 'demo', origin: 'demo' });
    });
  }

  /** Simulates hour by hour: each exporter folds exactly up to the hour, then the portal sweeps. */
  async #liveThrough(fromMs: number): Promise<void> {
    const nowMs = () => this.#parts.clock.nowMs() - SETTLING_DELAY_MS;
    await this.#liveOneHour();
    for (let livedMs = fromMs; ; livedMs = startOfHour(this.#clock.nowMs())) {
      const hours = wholeHoursBetween(livedMs, nowMs());
      if (hours.length === 0) return;
      for (const [index, hourMs] of hours.entries()) {
        if (this.#ending.signal.aborted) return;
        this.#clock.set(hourMs + SETTLING_DELAY_MS);
        await this.#liveOneHour();
        this.#parts.onProgress?.(index + 1, hours.length);
      }
    }
  }

  async #liveOneHour(): Promise<void> {
    await Promise.all(this.#sites.map(async (site) => await this.#refresh(site)));
    await this.#portal?.sweep();
  }

  /** Logs a failed refresh. It folds nothing, and the next refresh folds the longer window. */
  async #refresh({ name, exporter }: SimulatedSite): Promise<void> {
    try {
      await exporter.refresh();
    } catch (error) {
      if (this.#ending.signal.aborted) return;
      this.#parts.logger.warn({ site: name, reason: describeError(error) }, 'a refresh failed');
    }
  }

  #folderOf(site: string): string {
    return join(resolve(this.#config.dataFolder), site);
  }

  async #closeAll(): Promise<void> {
    this.#ending.abort();
    await this.#starting?.catch(() => undefined);
    await this.#portal?.close();
    await this.#identities.close();
    await Promise.all(this.#sites.map(async (site) => await site.close()));
  }
}
