/** Sizes are those that Nova counts; `extraSpecs` as an administrator sets them. */
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

/** A launch: the first, or one by which Nova forgets the earlier ones (resize, rebuild, rescue, unshelve, evacuation). */
export interface Launch {
  /** Unix milliseconds, a whole second: Nova's database keeps no fractions. */
  atMs: number;
  flavor: Flavor;
  /** Nova writes the flavor of a resize before it has launched the server with it: when; `atMs` where undefined. */
  flavorShownMs?: number | undefined;
}

/** A server from its first launch until it has vanished. Instants are Unix milliseconds, whole seconds. */
export interface ServerLife {
  /** A UUID. */
  id: string;
  name: string;
  projectId: string;
  metadata: Readonly<Record<string, string>>;
  /** At least one, in order of time, none after `deletedMs`. */
  launches: readonly [Launch, ...Launch[]];
  /** Undefined: never. */
  deletedMs?: number | undefined;
  /** When the deleted server leaves Nova's tables, and all its usage with it; undefined: never. */
  archivedMs?: number | undefined;
  /** The cell that has it, where a cloud has several. */
  cell?: string | undefined;
}

/** A server as Nova knows it at an instant: of its launches only the last. */
export interface ServerState {
  life: ServerLife;
  createdMs: number;
  launchedMs: number;
  flavor: Flavor;
  deletedMs: number | undefined;
}

/** What Nova knows of a server at `nowMs`; undefined before its launch and after it was archived. */
export function serverAt(life: ServerLife, nowMs: number): ServerState | undefined {
  const launch = life.launches.findLast(({ atMs }) => atMs <= nowMs);
  if (launch === undefined || (life.archivedMs ?? Infinity) <= nowMs) return undefined;
  return {
    life,
    createdMs: life.launches[0].atMs,
    launchedMs: launch.atMs,
    flavor: flavorShown(life, nowMs) ?? launch.flavor,
    deletedMs: endOf(life) <= nowMs ? life.deletedMs : undefined,
  };
}

function flavorShown({ launches }: ServerLife, nowMs: number): Flavor | undefined {
  return launches.findLast(({ atMs, flavorShownMs = atMs }) => flavorShownMs <= nowMs)?.flavor;
}

/** When the server is deleted; `Infinity` for never. */
export function endOf(life: ServerLife): number {
  return life.deletedMs ?? Infinity;
}

/** The later of the last change of the server before `nowMs`: its launch or its end. */
export function changedMs(state: ServerState): number {
  return state.deletedMs ?? state.launchedMs;
}
