import { silentLogger } from '../../src/runtime/logger.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import { SIMULATED_ADMINISTRATOR } from '../../src/simulation/administrator.ts';
import { Draws } from '../../src/simulation/generated/draws.ts';
import type { Flavor, ServerLife } from '../../src/simulation/model/server-life.ts';
import { stableUuid } from '../../src/simulation/model/stable-ids.ts';
import type { Project } from '../../src/simulation/model/cloud-model.ts';
import { staticCloud } from '../../src/simulation/model/static-cloud.ts';
import {
  createSimulatedCloud,
  SIMULATION_DEFAULTS,
  type SimulatedCloud,
} from '../../src/simulation/simulated-cloud.ts';

const MINUTE = 60_000;

const DOMAINS = [
  { id: 'default', name: 'Default' },
  { id: 'elixir', name: 'ELIXIR' },
];

const flavor = (vcpus: number): Flavor => ({
  id: `f${vcpus}`,
  name: `f${vcpus}`,
  vcpus,
  memoryMb: 1024 * vcpus + 7,
  diskGb: 10,
  ephemeralGb: vcpus % 3,
  extraSpecs: {},
});
const FLAVORS = [flavor(1), flavor(2), flavor(5), flavor(16)] as const;

/** How one server follows another in a place: minutes of its life (undefined: until it is ended), and of the pause before it. */
interface Lane {
  project: string;
  lane: number;
  lifeMinutes: readonly [number, number] | undefined;
  pauseMinutes: readonly [number, number];
}

const lanes = (count: number, lane: Omit<Lane, 'lane'>): Lane[] =>
  Array.from({ length: count }, (_, index) => ({ ...lane, lane: index }));

const LANES: readonly Lane[] = [
  ...lanes(1, { project: 'steady', lifeMinutes: undefined, pauseMinutes: [0, 1] }),
  ...lanes(3, { project: 'busy', lifeMinutes: [20, 600], pauseMinutes: [0, 120] }),
  ...lanes(2, { project: 'short', lifeMinutes: [1, 25], pauseMinutes: [1, 60] }),
  ...lanes(1, { project: 'ending', lifeMinutes: undefined, pauseMinutes: [0, 1] }),
];
const COMING: Lane = { project: 'coming', lane: 0, lifeMinutes: [30, 900], pauseMinutes: [0, 30] };

/** After so long a server is resized, once: an exporter that was away for longer could not know what it was before. */
const RESIZED_AFTER_MS = 5 * 60 * MINUTE;
/** Nor is any resized while its exporter reads the cloud for the first time: that does not know what the server was a minute ago. */
const FIRST_READ_MS = 15 * MINUTE;

export interface Lifetime {
  /** When it is read first. */
  fromMs: number;
  /** Much is used in half an hour that ends half an hour before, and no more after: whoever spreads it evenly over that instant is wrong. */
  turnMs: number;
  /** No server begins after it. */
  untilMs: number;
}

/** A simulated cloud in which servers begin and end, and to which projects come, go, move and are renamed. All of it is known. */
export class LivingCloud {
  readonly simulated: SimulatedCloud;
  readonly #key: string;
  readonly #clock: Clock;
  readonly #fromMs: number;
  readonly #untilMs: number;
  #servers: ServerLife[];
  #projects = ['steady', 'busy', 'short', 'ending'].map((id) => ({ id, name: id, domainId: 'default' }));
  #failingUntilMs = 0;

  /** The same `key` makes the same servers. */
  constructor(key: string, clock: Clock, { fromMs, turnMs, untilMs }: Lifetime) {
    this.#key = key;
    this.#clock = clock;
    this.#fromMs = fromMs;
    this.#untilMs = untilMs;
    this.#servers = [
      ...LANES.flatMap((lane) => this.#livesOf(lane, fromMs - 1000 * MINUTE)),
      burst(`${key}/burst`, turnMs),
    ];
    this.simulated = createSimulatedCloud(
      {
        ...SIMULATION_DEFAULTS,
        listen: { host: '127.0.0.1', port: 0 },
        source: { model: this.#model() },
        users: [SIMULATED_ADMINISTRATOR],
      },
      { clock, logger: silentLogger() },
    );
    this.simulated.setFaults(() => (Date.now() < this.#failingUntilMs ? { cut: true } : undefined));
  }

  get servers(): readonly ServerLife[] {
    return this.#servers;
  }

  /** Its API answers nobody for a while, in real time. */
  fail(durationMs: number): void {
    this.#failingUntilMs = Date.now() + durationMs;
  }

  rename(): void {
    this.#change('busy', ({ name, ...project }) => ({ ...project, name: `${name.slice(0, 20)} again` }));
  }

  /** To the other domain. */
  move(): void {
    this.#change('short', ({ domainId, ...project }) => ({
      ...project,
      domainId: domainId === 'default' ? 'elixir' : 'default',
    }));
  }

  /** A project that there was not, and its servers, which begin soon. */
  bring(): void {
    if (this.#projects.some(({ id }) => id === COMING.project)) return;
    this.#projects.push({ id: COMING.project, name: COMING.project, domainId: 'elixir' });
    this.#servers.push(...this.#livesOf(COMING, this.#clock.nowMs() + 5 * MINUTE));
    this.#show();
  }

  /** The servers of a project end, soon. */
  end(): void {
    const deletedMs = wholeSecond(this.#clock.nowMs() + MINUTE);
    this.#servers = this.#servers.map((life) =>
      life.projectId === 'ending' && life.deletedMs === undefined ? { ...life, deletedMs } : life,
    );
    this.#show();
  }

  /** When the servers of the project have ended that is to go; undefined where they have not. */
  get endedMs(): number | undefined {
    return this.#servers.find(({ projectId }) => projectId === 'ending')?.deletedMs;
  }

  /** Keystone knows the project no more whose servers have ended. */
  remove(): void {
    this.#projects = this.#projects.filter(({ id }) => id !== 'ending');
    this.#show();
  }

  #change(id: string, change: (project: Project) => Project): void {
    this.#projects = this.#projects.map((project) => (project.id === id ? change(project) : project));
    this.#show();
  }

  #show(): void {
    this.simulated.setModel(this.#model());
  }

  #model() {
    return staticCloud({ domains: DOMAINS, projects: this.#projects, servers: this.#servers });
  }

  #livesOf({ project, lane, lifeMinutes, pauseMinutes }: Lane, fromMs: number): ServerLife[] {
    const key = `${this.#key}/${project}/${lane}`;
    const draws = new Draws(key);
    const lives: ServerLife[] = [];
    for (let atMs = fromMs; ;) {
      atMs = wholeSecond(atMs + draws.between(...pauseMinutes) * MINUTE);
      if (atMs >= this.#untilMs) return lives;
      const id = stableUuid(`${key}/${lives.length}`);
      const resized = { atMs: atMs + RESIZED_AFTER_MS, flavor: draws.pick(FLAVORS) };
      const first = { atMs, flavor: draws.pick(FLAVORS) };
      const deletedMs = lifeMinutes && wholeSecond(atMs + draws.between(...lifeMinutes) * MINUTE);
      const launches: ServerLife['launches'] =
        resized.atMs < (deletedMs ?? Infinity) - MINUTE && !this.#isFirstRead(resized.atMs)
          ? [first, resized]
          : [first];
      lives.push({ id, name: id, projectId: project, metadata: {}, launches, deletedMs });
      if (deletedMs === undefined) return lives;
      atMs = deletedMs;
    }
  }

  #isFirstRead(ms: number): boolean {
    return Math.abs(ms - this.#fromMs) < FIRST_READ_MS;
  }
}

function burst(key: string, turnMs: number): ServerLife {
  const id = stableUuid(key);
  const launches: ServerLife['launches'] = [{ atMs: turnMs - 60 * MINUTE, flavor: FLAVORS[3] }];
  return { id, name: id, projectId: 'steady', metadata: {}, launches, deletedMs: turnMs - 30 * MINUTE };
}

/** Nova keeps no fractions. */
function wholeSecond(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}
