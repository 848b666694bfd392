import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createExporter, type Exporter } from '../../src/exporter/exporter.ts';
import { readCredentials } from '../../src/exporter/openstack/credentials/credentials.ts';
import { exporterConfig, type ExporterConfig } from '../../src/exporter/settings/config.ts';
import { readExporterSettings } from '../../src/exporter/settings/settings.ts';
import { parseState, type ExporterState } from '../../src/exporter/state/state-format.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import type { Fault } from '../../src/simulation/faults.ts';
import type { SimulatedCloud } from '../../src/simulation/simulated-cloud.ts';
import type { ChangingCloud, CloudEvent } from '../exporter/changing-cloud.ts';
import { temporaryFolder } from '../support/processes.ts';
import { FAULTS, type Step, type Trouble } from '../exporter/random-lives.ts';
import { START_MS } from '../exporter/small-cloud.ts';

const DAY_S = 86_400;
export const SETTLING_MS = 60_000;
export const RESOURCES = ['vcpu', 'mb', 'disk_gb', 'instance', 'gpu'] as const;

/** The whole exporter and a cloud that changes. A kill leaves only the state file as it is on disk at that instant. */
export class LivedSite {
  readonly cloud: ChangingCloud;
  /** Windows of requests to Nova that are malformed or end after Nova's now. */
  readonly wrongWindows: string[] = [];
  readonly #simulated: SimulatedCloud;
  readonly #stateFile = join(temporaryFolder(), 'state.json');
  readonly #config: ExporterConfig;
  #exporter: Exporter | undefined;
  #ownAheadMs = 0;
  #novaAheadMs = 0;
  readonly #clock = {
    nowMs: () => this.cloud.nowMs + this.#ownAheadMs,
    sleep: async (durationMs: number) => {
      this.cloud.nowMs += Math.ceil(durationMs / 1000) * 1000;
      await Promise.resolve();
    },
  };

  constructor(cloud: ChangingCloud, simulated: SimulatedCloud, serverHours = false) {
    this.cloud = cloud;
    this.#simulated = simulated;
    const flags = {
      listen: '127.0.0.1:0',
      start: new Date(START_MS).toISOString().slice(0, 10),
      pageSize: 3,
      state: this.#stateFile,
      resources: [...RESOURCES],
      longestWindow: 30 * DAY_S,
      serverHours,
    };
    const settings = { ...readExporterSettings({ flags, env: {} }), gpuAliases: { a100: 1 } };
    const config = exporterConfig(settings, readCredentials(simulated.environment()), START_MS);
    this.#config = { ...config, firstRetryDelayMs: 1 };
    simulated.setNovaAhead(0);
    simulated.setDownCells([]);
    this.#show();
  }

  /** The state on disk, which is readable at any time; undefined before the first write. */
  state(): ExporterState | undefined {
    return existsSync(this.#stateFile) ? parseState(readFileSync(this.#stateFile, 'utf8')) : undefined;
  }

  async take(step: Step): Promise<void> {
    if (step.kind === 'event') this.#applyEvent(step.what);
    else if (step.kind === 'time passes') this.cloud.nowMs += step.seconds * 1000;
    else if (step.kind === 'clock') this.#setClock(step);
    else if (step.kind === 'cells are down') this.#simulated.setDownCells(step.cells);
    else if (step.kind === 'restart') await this.close();
    else await this.refresh(step.troubles);
  }

  /** Ends all troubles, and refreshes until everything is read. */
  async recover(): Promise<void> {
    this.cloud.nowMs += 10 * SETTLING_MS;
    this.#setClock({ whose: 'nova', aheadS: 0 });
    this.#setClock({ whose: 'own', aheadS: 0 });
    this.#simulated.setDownCells([]);
    for (let refreshes = 0; refreshes < 2; refreshes++) {
      this.cloud.nowMs += 10 * SETTLING_MS;
      if (!(await this.refresh([]))) throw new Error('the last refresh failed');
    }
  }

  async refresh(troubles: readonly Trouble[]): Promise<boolean> {
    this.#exporter ??= createExporter(this.#config, { clock: this.#clock, logger: silentLogger() });
    let requests = 0;
    let onDisk: Buffer | 'none' | undefined;
    let lasting: { fault: string; path: string } | undefined;
    this.#simulated.setFaults(({ path, query }) => {
      this.#noteWrongWindow(path, query);
      requests += 1;
      let fault = lasting?.path === path ? lasting.fault : undefined;
      for (const { what } of troubles.filter(({ atRequest }) => atRequest === requests)) {
        if (what.kind === 'slow') this.cloud.nowMs += what.seconds * 1000;
        if (what.kind === 'event') this.#applyEvent(what.what);
        if (what.kind === 'kill') onDisk = this.#readDisk();
        if (what.kind === 'fault') fault = what.fault;
        if (what.kind === 'fault' && what.lasts) lasting = { fault: what.fault, path };
      }
      return fault === undefined ? undefined : this.#faultOf(fault, path, query);
    });
    const done = await this.#exporter.refresh().then(
      () => true,
      () => false,
    );
    this.#simulated.setFaults(undefined);
    if (onDisk !== undefined) await this.#dieWith(onDisk);
    return done;
  }

  async close(): Promise<void> {
    await this.#exporter?.close();
    this.#exporter = undefined;
  }

  #readDisk(): Buffer | 'none' {
    return existsSync(this.#stateFile) ? readFileSync(this.#stateFile) : 'none';
  }

  async #dieWith(onDisk: Buffer | 'none'): Promise<void> {
    await this.close();
    if (onDisk === 'none') rmSync(this.#stateFile, { force: true });
    else writeFileSync(this.#stateFile, onDisk);
  }

  #applyEvent(event: CloudEvent): void {
    this.cloud.apply(event, this.state());
    this.#show();
  }

  #show(): void {
    this.#simulated.setModel(this.cloud.model());
  }

  /** Only one of the two clocks is ahead at a time; with both ahead, no clock shows the true time. */
  #setClock({ whose, aheadS }: { whose: 'nova' | 'own'; aheadS: number }): void {
    const otherMs = whose === 'nova' ? this.#ownAheadMs : this.#novaAheadMs;
    if ((aheadS > 0 && otherMs > 0) || (whose === 'nova' && this.cloud.isBusy())) return;
    if (whose === 'own') this.#ownAheadMs = aheadS * 1000;
    else this.#simulated.setNovaAhead((this.#novaAheadMs = aheadS * 1000));
  }

  /**
   * Two faults are left out where they would mean something else: a lost marker needs a request with a marker, and an
   * exporter that may not read projects at its first refresh takes itself for a member of one project.
   */
  #faultOf(name: string, path: string, query: string): Fault | undefined {
    if (name === 'a marker that is gone' && !query.includes('marker=')) return undefined;
    if (name === 'a 403' && path.startsWith('/v3/') && !this.state()?.allProjects) return undefined;
    return FAULTS[name];
  }

  /** Records a window that is not in Nova's form, or that ends after Nova's now. */
  #noteWrongWindow(path: string, query: string): void {
    if (!path.endsWith('/os-simple-tenant-usage')) return;
    const parameters = new URLSearchParams(query);
    const [start, end] = [String(parameters.get('start')), String(parameters.get('end'))];
    const isTime = [start, end].every((text) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(text));
    const isPast = Date.parse(`${end}Z`) <= this.cloud.nowMs + this.#novaAheadMs;
    if (!isTime || !isPast) this.wrongWindows.push(`${start} to ${end}`);
  }
}
