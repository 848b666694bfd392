import type { CloudModel } from '../model/cloud-model.ts';
import { endOf, type ServerLife } from '../model/server-life.ts';
import { stableUuid } from '../model/stable-ids.ts';
import { staticCloud } from '../model/static-cloud.ts';
import type { Machine, Profile } from './profile.ts';

/** The lives of each machine, by its id and in order of time: a machine that was deleted comes back as another server. */
export type MachineLives = ReadonlyMap<string, readonly ServerLife[]>;

/** The lives that a profile describes when it is read for the first time. `startMs`: since when a machine of `existence = true` is up. */
export function firstLives(profile: Profile, startMs: number): MachineLives {
  return changeLives(new Map(), profile, -Infinity, startMs);
}

/**
 * The lives after a profile has changed at `atMs`. What was before `atMs` stays, as it does in a real cloud: a machine
 * that is gone is a deleted server, one of another size was resized, one that was added is launched at `atMs` at the earliest.
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

/** The cloud that consists of a profile's domains and projects, and of these lives. */
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
  // What has not begun yet never will by the old file.
  const begun = past.filter(({ launches }) => launches[0].atMs < changeMs);
  const last = begun.at(-1);
  const span = machine && spanFrom(machine, changeMs, startMs);
  if (last !== undefined && endOf(last) > changeMs) {
    const continued =
      machine && span && span.fromMs <= changeMs && last.projectId === machine.projectId
        ? continueLife(last, machine, span.toMs, changeMs)
        : undefined;
    begun[begun.length - 1] = continued ?? { ...last, deletedMs: changeMs };
    if (continued !== undefined) return begun;
  }
  return machine && span ? [...begun, newLife(machine, span, begun.length)] : begun;
}

interface Span {
  fromMs: number;
  toMs: number | undefined;
}

/** What lies at or after `changeMs` of a machine's existence; undefined for nothing. */
function spanFrom({ existence }: Machine, changeMs: number, startMs: number): Span | undefined {
  if (existence === undefined) return undefined;
  const fromMs = Math.max(existence.fromMs ?? Math.floor(startMs / 1000) * 1000, changeMs);
  return fromMs < (existence.toMs ?? Infinity) ? { fromMs, toMs: existence.toMs } : undefined;
}

/** The same server goes on; with another flavor it has been resized. */
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
