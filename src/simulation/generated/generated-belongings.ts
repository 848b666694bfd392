import type { Belongings, FloatingIpLife, StoredBytes, VolumeLife } from '../model/belongings.ts';
import { stableUuid } from '../model/stable-ids.ts';
import { Draws } from './draws.ts';

const DAY_MS = 86_400_000;
const GIB = 2 ** 30;

/** Returns the belongings that exist at some instant of [fromMs, toMs]. */
export type FindBelongings = (fromMs: number, toMs: number) => Belongings;

/** Volumes, floating IPs and stored bytes of projects. Like servers, they depend only on the seed. */
export function generatedBelongings(seed: string, projectIds: readonly string[]): FindBelongings {
  const volumes = projectIds.flatMap((id) => places(`${seed} ${id} volumes`, id, 4));
  const ips = projectIds.flatMap((id) => places(`${seed} ${id} floating IPs`, id, 2));
  return (fromMs, toMs) => ({
    volumes: volumes.flatMap((place) => turns(place, fromMs, toMs).map((turn) => volumeOfTurn(place, turn))),
    floatingIps: ips.flatMap((place) => turns(place, fromMs, toMs).map((turn) => ipOfTurn(place, turn))),
    storedBytes: projectIds.flatMap((id) => storedBytes(seed, id, toMs)),
  });
}

/** A series of volumes or floating IPs: the n-th exists in [offsetMs + n × periodMs, … + lifeMs). */
interface Place {
  key: string;
  projectId: string;
  offsetMs: number;
  periodMs: number;
  lifeMs: number;
}

/** Up to `most` places. */
function places(key: string, projectId: string, most: number): Place[] {
  const draws = new Draws(key);
  return Array.from({ length: draws.whole(0, most) }, (_, index) => {
    const periodMs = draws.whole(5, 90) * DAY_MS;
    const offsetMs = wholeSeconds(draws.next() * periodMs);
    const lifeMs = wholeSeconds(periodMs * draws.between(0.3, 0.95));
    return { key: `${key}/${index}`, projectId, offsetMs, periodMs, lifeMs };
  });
}

function turns({ offsetMs, periodMs, lifeMs }: Place, fromMs: number, toMs: number): number[] {
  const found: number[] = [];
  for (
    let turn = Math.ceil((fromMs - lifeMs - offsetMs) / periodMs);
    offsetMs + turn * periodMs <= toMs;
    turn++
  )
    found.push(turn);
  return found;
}

/** The volume of a turn. Some volumes are extended once. */
function volumeOfTurn({ key, projectId, offsetMs, periodMs, lifeMs }: Place, turn: number): VolumeLife {
  const draws = new Draws(`${key}/${turn}`);
  const createdMs = offsetMs + turn * periodMs;
  const sizeGb = draws.pick([10, 20, 50, 100, 500, 2000]);
  const extended = { atMs: createdMs + wholeSeconds(lifeMs * draws.between(0.2, 0.8)), sizeGb: sizeGb * 2 };
  return {
    id: stableUuid(`${key}/${turn}`),
    projectId,
    volumeType: draws.pick(['ceph-ssd', 'ceph-hdd', '__DEFAULT__']),
    sizes: [{ atMs: createdMs, sizeGb }, ...(draws.chance(0.3) ? [extended] : [])],
    deletedMs: createdMs + lifeMs,
  };
}

function ipOfTurn({ key, projectId, offsetMs, periodMs, lifeMs }: Place, turn: number): FloatingIpLife {
  const createdMs = offsetMs + turn * periodMs;
  return { id: stableUuid(`${key}/${turn}`), projectId, createdMs, deletedMs: createdMs + lifeMs };
}

/** Every third project stores objects. The amount changes every day of the last 15 days. */
function storedBytes(seed: string, projectId: string, toMs: number): StoredBytes[] {
  const draws = new Draws(`${seed} ${projectId} objects`);
  if (!draws.chance(1 / 3)) return [];
  const baseBytes = draws.whole(1, 5000) * GIB;
  const today = Math.floor(toMs / DAY_MS);
  const amounts = Array.from({ length: 15 }, (_, index) => {
    const day = today - 14 + index;
    const bytes = baseBytes + new Draws(`${seed} ${projectId} objects ${day}`).whole(0, 50) * GIB;
    return { atMs: day * DAY_MS, bytes };
  });
  return [{ projectId, amounts }];
}

function wholeSeconds(durationMs: number): number {
  return Math.floor(durationMs / 1000) * 1000;
}
