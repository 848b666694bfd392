/** A flavor with the sizes that Nova counts, and the extra specs that an administrator sets. */
export interface Flavor {
  id: string;
  name: string;
  vcpus: number;
  memoryMb: number;
  /** Root disk. */
  diskGb: number;
  ephemeralGb: number;
  extraSpecs: Readonly<Record<string, string>>;
}

/** A launch of a server. Nova forgets earlier launches after a resize, rebuild, rescue, unshelve or evacuation. */
export interface Launch {
  /** Unix milliseconds in whole seconds, because Nova's database stores no fractions. */
  atMs: number;
  flavor: Flavor;
  /** The time when Nova shows the flavor, by default `atMs`. In a resize Nova writes the flavor before the launch. */
  flavorShownMs?: number | undefined;
}

/** A server from its first launch until it leaves Nova's tables. Instants are Unix milliseconds, in whole seconds. */
export interface ServerLife {
  /** A UUID. */
  id: string;
  name: string;
  projectId: string;
  metadata: Readonly<Record<string, string>>;
  /** The launches in order of time, none after `deletedMs`. */
  launches: readonly [Launch, ...Launch[]];
  /** Undefined if it is never deleted. */
  deletedMs?: number | undefined;
  /** The time when the deleted server and its usage leave Nova's tables; undefined if they never do. */
  archivedMs?: number | undefined;
  /** The server's cell, if the cloud has several. */
  cell?: string | undefined;
  /** Its states in order of time; `active` before the first. */
  states?: readonly StateChange[] | undefined;
  /** The record of its actions in order of time. If undefined, what its launches and its deletion imply. */
  actions?: readonly RecordedAction[] | undefined;
}

/** A server has this state from then on. */
export interface StateChange {
  /** Unix milliseconds, a whole second. */
  atMs: number;
  /** Nova's `vm_state`. */
  state: string;
}

/** An action as Nova records it. Instants are Unix milliseconds, whole seconds. */
export interface RecordedAction {
  /** Such as `stop`. */
  name: string;
  startMs: number;
  /** The server is busy until then. */
  endMs: number;
  failed?: boolean;
  /** The time when somebody purges the record; undefined: never. */
  purgedMs?: number;
  events?: readonly RecordedEvent[];
}

export interface RecordedEvent {
  name: string;
  startMs: number;
  finishMs: number;
}

/** Nova's knowledge of a server at an instant. It includes only the last launch. */
export interface ServerState {
  life: ServerLife;
  nowMs: number;
  createdMs: number;
  launchedMs: number;
  flavor: Flavor;
  deletedMs: number | undefined;
}

/** Nova's knowledge of a server at `nowMs`; undefined before its launch and after its archiving. */
export function serverAt(life: ServerLife, nowMs: number): ServerState | undefined {
  const launch = life.launches.findLast(({ atMs }) => atMs <= nowMs);
  if (launch === undefined || (life.archivedMs ?? Infinity) <= nowMs) return undefined;
  return {
    life,
    nowMs,
    createdMs: life.launches[0].atMs,
    launchedMs: launch.atMs,
    flavor: flavorShown(life, nowMs) ?? launch.flavor,
    deletedMs: endOf(life) <= nowMs ? life.deletedMs : undefined,
  };
}

function flavorShown({ launches }: ServerLife, nowMs: number): Flavor | undefined {
  return launches.findLast(({ atMs, flavorShownMs = atMs }) => flavorShownMs <= nowMs)?.flavor;
}

/** The time of the server's deletion; `Infinity` if it is never deleted. */
export function endOf(life: ServerLife): number {
  return life.deletedMs ?? Infinity;
}
