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

/**
 * A row of servers, one after the other: the minutes that a server lives (undefined: until `end` is called), and the
 * minutes of the pause before it.
 */
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

/** A server is resized once, after this time. An exporter that was down for longer could not know the earlier flavor. */
const RESIZED_AFTER_MS = 5 * 60 * MINUTE;
/** No server is resized near the exporter's first reading, which could not know the flavor of a minute ago. */
const FIRST_READ_MS = 15 * MINUTE;

export interface Lifetime {
  /** The instant of the first reading. */
  fromMs: number;
  /**
   * The turn of a month. A burst of usage lasts half an hour and ends half an hour before, so that usage spread evenly
   * over this instant would be wrong.
   */
  turnMs: number;
  /** No server is launched after this instant. */
  untilMs: number;
}

/** A simulated cloud with a known truth: servers start and end, and projects come, go, move and get new names. */
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

  /** Cuts all connections to the cloud's API for this real time. */
  fail(durationMs: number): void {
    this.#failingUntilMs = Date.now() + durationMs;
  }

  rename(): void {
    this.#change('busy', ({ name, ...project }) => ({ ...project, name: `${name.slice(0, 20)} again` }));
  }

  /** Moves a project to the other domain. */
  move(): void {
    this.#change('short', ({ domainId, ...project }) => ({
      ...project,
      domainId: domainId === 'default' ? 'elixir' : 'default',
    }));
  }

  /** Adds a new project and its servers, which start soon. */
  bring(): void {
    if (this.#projects.some(({ id }) => id === COMING.project)) return;
    this.#projects.push({ id: COMING.project, name: COMING.project, domainId: 'elixir' });
    this.#servers.push(...this.#livesOf(COMING, this.#clock.nowMs() + 5 * MINUTE));
    this.#show();
  }

  /** Deletes all servers of the project `ending` in a minute. */
  end(): void {
    const deletedMs = wholeSecond(this.#clock.nowMs() + MINUTE);
    this.#servers = this.#servers.map((life) =>
      life.projectId === 'ending' && life.deletedMs === undefined ? { ...life, deletedMs } : life,
    );
    this.#show();
  }

  /** When the servers of the project `ending` were deleted; undefined before `end`. */
  get endedMs(): number | undefined {
    return this.#servers.find(({ projectId }) => projectId === 'ending')?.deletedMs;
  }

  /** Removes the project `ending` from Keystone. */
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
      const record = deletedMs === undefined ? {} : restOf(launches, deletedMs, new Draws(`${id}/rest`));
      lives.push({ id, name: id, projectId: project, metadata: {}, launches, deletedMs, ...record });
      if (deletedMs === undefined) return lives;
      atMs = deletedMs;
    }
  }

  #isFirstRead(ms: number): boolean {
    return Math.abs(ms - this.#fromMs) < FIRST_READ_MS;
  }
}

/** Some servers are stopped or suspended for a while after their first launch. */
function restOf(
  launches: ServerLife['launches'],
  deletedMs: number,
  draws: Draws,
): Pick<ServerLife, 'states' | 'actions'> {
  const [{ atMs: launchedMs }, resized] = launches;
  const lastsMs = (resized?.atMs ?? deletedMs) - launchedMs;
  if (lastsMs < 10 * MINUTE || draws.chance(0.3)) return {};
  const [begin, state, end] = draws.pick([
    ['stop', 'stopped', 'start'],
    ['suspend', 'suspended', 'resume'],
  ] as const);
  const at = (share: number) => wholeSecond(launchedMs + lastsMs * share);
  const action = (name: string, atMs: number) => ({ name, startMs: atMs, endMs: atMs });
  const [restMs, resumeMs] = [at(draws.between(0.2, 0.5)), at(draws.between(0.6, 0.9))];
  const resize = resized === undefined ? [] : ['resize', 'confirmResize'];
  return {
    states: [
      { atMs: restMs, state },
      { atMs: resumeMs, state: 'active' },
    ],
    actions: [
      action('create', launchedMs),
      action(begin, restMs),
      action(end, resumeMs),
      ...resize.map((name) => action(name, resized?.atMs ?? 0)),
      action('delete', deletedMs),
    ],
  };
}

function burst(key: string, turnMs: number): ServerLife {
  const id = stableUuid(key);
  const launches: ServerLife['launches'] = [{ atMs: turnMs - 60 * MINUTE, flavor: FLAVORS[3] }];
  return { id, name: id, projectId: 'steady', metadata: {}, launches, deletedMs: turnMs - 30 * MINUTE };
}

/** Nova's times are whole seconds. */
function wholeSecond(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}
