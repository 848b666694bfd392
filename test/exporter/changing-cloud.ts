import type { ExporterState } from '../../src/exporter/state/state-format.ts';
import type {
  Flavor,
  RecordedAction,
  ServerLife,
  StateChange,
} from '../../src/simulation/model/server-life.ts';
import { staticCloud } from '../../src/simulation/model/static-cloud.ts';
import type { CloudModel } from '../../src/simulation/model/cloud-model.ts';
import { domains, START_MS } from './small-cloud.ts';

/** A change of a cloud. The numbers of `server`, `project` and `flavor` are taken modulo their count. */
export type CloudEvent =
  | { kind: 'boot'; project: number; flavor: number }
  | { kind: 'short life'; project: number; flavor: number; lastsS: number }
  | { kind: 'resize'; server: number; flavor: number; takesS: number }
  | { kind: 'revert'; server: number; takesS: number }
  | { kind: 'confirm' | 'shelve' | 'rebuild' | 'rescue' | 'unshelve' | 'evacuate' | 'delete'; server: number }
  | { kind: 'stop' | 'start'; server: number }
  | { kind: 'archive and purge' }
  | { kind: 'rename'; project: number }
  | { kind: 'remove'; project: number };

const FLAVORS: readonly Flavor[] = [1, 2, 4, 16].map((vcpus) => ({
  id: `f${vcpus}`,
  name: `f${vcpus}`,
  vcpus,
  memoryMb: 512 * vcpus,
  diskGb: 10,
  ephemeralGb: vcpus,
  extraSpecs: vcpus > 2 ? { 'pci_passthrough:alias': `a100:${vcpus / 4}` } : {},
}));

/** The largest amount of any resource that a server has: its MiB. */
const LARGEST = 512 * 16;

type Server = { -readonly [Key in keyof ServerLife]: ServerLife[Key] } & {
  launches: ServerLife['launches'];
  actions: RecordedAction[];
  states: StateChange[];
};

/** A cloud that events change, and the usage that no meter can know. Time passes in whole seconds, like Nova's. */
export class ChangingCloud {
  nowMs: number;
  readonly servers: Server[] = [];
  #projects = ['p0', 'p1', 'p2'].map((id) => ({ id, name: `project ${id}`, domainId: 'default' }));
  /** A gentle cloud skips events after which Nova no longer tells everything that happened. */
  readonly #gentle: boolean;
  /** By project: how far a meter's total of any resource may be from the truth, in amount × milliseconds. */
  readonly unknowable = new Map<string, bigint>();

  constructor(nowMs: number, gentle: boolean) {
    this.nowMs = nowMs;
    this.#gentle = gentle;
  }

  model(): CloudModel {
    const servers = this.servers.map((server) => ({
      ...server,
      actions: [...server.actions],
      states: [...server.states],
    }));
    return staticCloud({ domains, projects: this.#projects, servers });
  }

  /** Applies an event. A gentle cloud skips events that an exporter with this state could no longer find out. */
  apply(next: CloudEvent, known: ExporterState | undefined): void {
    this.nowMs += 1000;
    if (next.kind === 'boot') this.#boot(next.project, next.flavor, this.nowMs);
    else if (next.kind === 'short life') this.#shortLife(next);
    else if (next.kind === 'archive and purge') this.#archive(known);
    else if (next.kind === 'rename') this.#rename(next.project);
    else if (next.kind === 'remove')
      this.#projects.splice(next.project % Math.max(1, this.#projects.length), 1);
    else this.#change(next, known);
  }

  /** Adds a server from before the exporter's first start. */
  addEarlier(project: number, flavor: number, atMs: number, deletedMs: number | undefined): void {
    const server = this.#boot(project, flavor, atMs);
    if (deletedMs !== undefined) deleteServer(server, deletedMs);
  }

  isBusy(): boolean {
    return this.servers.some(({ launches }) => (launches.at(-1)?.atMs ?? 0) > this.nowMs);
  }

  #boot(project: number, flavor: number, atMs: number): Server {
    const index = this.servers.length;
    const server: Server = {
      id: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
      name: `server ${index}`,
      projectId: `p${project % 3}`,
      metadata: {},
      cell: index % 3 === 0 ? 'cell2' : 'cell1',
      launches: [{ atMs, flavor: flavorAt(flavor) }],
      actions: [{ name: 'create', startMs: atMs, endMs: atMs }],
      states: [{ atMs, state: 'active' }],
    };
    this.servers.push(server);
    return server;
  }

  #shortLife({ project, flavor, lastsS }: { project: number; flavor: number; lastsS: number }): void {
    const server = this.#boot(project, flavor, this.nowMs);
    this.nowMs += lastsS * 1000;
    deleteServer(server, this.nowMs);
  }

  #rename(index: number): void {
    const project = this.#projects[index % Math.max(1, this.#projects.length)];
    if (project !== undefined) project.name = `${project.name.slice(0, 20)} at ${this.nowMs}`;
  }

  #change(next: Extract<CloudEvent, { server: number }>, known: ExporterState | undefined): void {
    const server = this.servers[next.server % Math.max(1, this.servers.length)];
    const last = server?.launches.at(-1);
    if (server === undefined || last === undefined) return;
    if (server.deletedMs !== undefined || last.atMs >= this.nowMs) return;
    if (next.kind === 'delete') deleteServer(server, this.nowMs);
    else if (next.kind === 'stop' || next.kind === 'start') this.#switch(server, next.kind);
    else if (next.kind === 'resize') this.#launch(server, flavorAt(next.flavor), next.takesS, known);
    else if (next.kind === 'revert')
      this.#launch(server, (server.launches.at(-2) ?? last).flavor, next.takesS, known);
    else if (next.kind !== 'confirm' && next.kind !== 'shelve') this.#launch(server, last.flavor, 0, known);
  }

  /** Nova refuses to stop a server that does not run, and to start one that does. */
  #switch({ states, actions }: Server, name: 'stop' | 'start'): void {
    const [before, after] = name === 'stop' ? ['active', 'stopped'] : ['stopped', 'active'];
    if (states.at(-1)?.state !== before || after === undefined) return;
    actions.push({ name, startMs: this.nowMs, endMs: this.nowMs });
    states.push({ atMs: this.nowMs, state: after });
  }

  /** Nova forgets the launch before. An exporter that has not read that launch loses usage. */
  #launch(server: Server, flavor: Flavor, takesS: number, known: ExporterState | undefined): void {
    const atMs = this.nowMs + takesS * 1000;
    const remembered = known?.meter.servers.get(server.id);
    const isKnown = remembered?.launches.at(-1)?.atMs === server.launches.at(-1)?.atMs;
    if (!isKnown && this.#gentle) return;
    if (!isKnown) this.#lose(server, atMs, known);
    const isResize = server.launches.at(-1)?.flavor !== flavor;
    server.launches = [...server.launches, { atMs, flavor, flavorShownMs: this.nowMs }];
    server.actions.push({ name: isResize ? 'resize' : 'rebuild', startMs: this.nowMs, endMs: atMs });
    if (isResize) server.actions.push({ name: 'confirmResize', startMs: atMs, endMs: atMs });
  }

  #archive(known: ExporterState | undefined): void {
    for (const server of this.servers) {
      const { deletedMs, archivedMs } = server;
      if (deletedMs === undefined || archivedMs !== undefined) continue;
      const isCounted = known !== undefined && known.meter.untilMs >= deletedMs;
      const isOpen = known?.meter.servers.has(server.id) ?? false;
      if ((!isCounted || isOpen) && this.#gentle) continue;
      if (!isCounted || isOpen) this.#lose(server, deletedMs, known);
      server.archivedMs = this.nowMs;
    }
  }

  /** Adds the most that a meter can lose: the time from the end of the counted time to the event. */
  #lose(server: Server, untilMs: number, known: ExporterState | undefined): void {
    const counted = known?.meter.servers.get(server.id);
    const countedUntilMs = counted && (counted.countedUntilMs ?? known?.meter.untilMs);
    const fromMs = countedUntilMs ?? Math.max(START_MS, server.launches[0].atMs);
    const lost = BigInt(Math.max(0, untilMs - fromMs)) * BigInt(LARGEST);
    this.unknowable.set(server.projectId, (this.unknowable.get(server.projectId) ?? 0n) + lost);
  }
}

function flavorAt(index: number): Flavor {
  return FLAVORS[index % FLAVORS.length] as Flavor;
}

function deleteServer(server: Server, atMs: number): void {
  server.deletedMs = atMs;
  server.actions.push({ name: 'delete', startMs: atMs, endMs: atMs });
}
