import type { CloudModel } from '../model/cloud-model.ts';
import { endOf, type ServerLife } from '../model/server-life.ts';
import { stableUuid } from '../model/stable-ids.ts';
import { staticCloud } from '../model/static-cloud.ts';
import type { Machine, Profile } from './profile.ts';

/** The lives of each machine by its id, in order of time. A deleted machine that comes back is a new server. */
export type MachineLives = ReadonlyMap<string, readonly ServerLife[]>;

/** The lives of a profile at its first reading. Machines with `existence = true` are up since `startMs`. */
export function firstLives(profile: Profile, startMs: number): MachineLives {
  return changeLives(new Map(), profile, -Infinity, startMs);
}

/**
 * The lives after a change of the profile at `atMs`. Like in a real cloud, the time before `atMs` stays: a removed machine
 * is a deleted server, a machine with another size is a resized one, and a new machine is launched at `atMs` or later.
 */
export function changeLives(
  past: MachineLives,
  profile: Profile,
  atMs: number,
  startMs: number,
): MachineLives {
  const changeMs = Math.ceil(atMs / 1000) * 1000;
  const machines = new Map(profile.machines.map((machine) => [machine.id, machine]));
  const ids = new Set([...past.keys(), ...machines.keys()]);
  return new Map(
    [...ids].map((id) => [id, continueMachine(past.get(id) ?? [], machines.get(id), changeMs, startMs)]),
  );
}

/** The cloud with a profile's domains and projects, and with these lives. */
export function cloudOf(profile: Profile, lives: MachineLives): CloudModel {
  const { domains, projects, machines } = profile;
  return staticCloud({
    domains,
    projects,
    servers: [...lives.values()].flat(),
    flavors: machines.map(({ flavor }) => flavor),
  });
}

function continueMachine(
  past: readonly ServerLife[],
  machine: Machine | undefined,
  changeMs: number,
  startMs: number,
): ServerLife[] {
  // A server of the old file that has not started yet never starts.
  const started = past.filter(({ launches }) => launches[0].atMs < changeMs);
  const last = started.at(-1);
  const span = machine && spanFrom(machine, changeMs, startMs);
  if (last !== undefined && endOf(last) > changeMs) {
    const continued =
      machine && span && span.fromMs <= changeMs && last.projectId === machine.projectId
        ? continueLife(last, machine, span.toMs, changeMs)
        : undefined;
    started[started.length - 1] = continued ?? { ...last, deletedMs: changeMs };
    if (continued !== undefined) return started;
  }
  return machine && span ? [...started, newLife(machine, span, started.length)] : started;
}

interface Span {
  fromMs: number;
  toMs: number | undefined;
}

/** The part of a machine's existence from `changeMs` on; undefined if there is none. */
function spanFrom({ existence }: Machine, changeMs: number, startMs: number): Span | undefined {
  if (existence === undefined) return undefined;
  const fromMs = Math.max(existence.fromMs ?? Math.floor(startMs / 1000) * 1000, changeMs);
  return fromMs < (existence.toMs ?? Infinity) ? { fromMs, toMs: existence.toMs } : undefined;
}

/** Continues the life of a server. Another flavor means a resize. */
function continueLife(
  life: ServerLife,
  { flavor, metadata }: Machine,
  deletedMs: number | undefined,
  changeMs: number,
): ServerLife {
  const resized = life.launches.at(-1)?.flavor.id !== flavor.id;
  const launches: ServerLife['launches'] = resized
    ? [...life.launches, { atMs: changeMs, flavor }]
    : life.launches;
  return { ...life, metadata, launches, deletedMs };
}

function newLife(machine: Machine, { fromMs, toMs }: Span, generation: number): ServerLife {
  const { id, name, projectId, flavor, metadata } = machine;
  return {
    id: generation === 0 ? id : stableUuid(`${id} ${generation}`),
    name,
    projectId,
    metadata,
    launches: [{ atMs: fromMs, flavor }],
    deletedMs: toMs,
  };
}
