import type { Draws } from './draws.ts';
import { FLAVORS } from './flavors.ts';
import type { Place } from './place.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** The properties that all places of a project share. */
interface PlaceSeed {
  key: string;
  projectId: string;
  metadata: Readonly<Record<string, string>>;
}

/** A project's way of using a cloud: returns the places of its servers, about `count`. */
export type Temperament = (seed: PlaceSeed, count: number, draws: Draws) => Place[];

/** Servers that stay for weeks or months, with hours between one server and the next. */
const steady: Temperament = (seed, count, draws) =>
  places(seed, count, () => {
    const periodMs = draws.between(20, 120) * DAY_MS;
    return {
      kind: draws.pick(['web', 'db', 'worker', 'jupyter']),
      periodMs,
      offsetMs: draws.next() * periodMs,
      longestLifeMs: periodMs * 0.98,
      flavors: [FLAVORS.small, FLAVORS.medium, FLAVORS.large],
    };
  });

/** One server after another joins. After some weeks all servers are deleted. */
const growing: Temperament = (seed, count, draws) => {
  const periodMs = draws.between(30, 60) * DAY_MS;
  const beginMs = draws.next() * periodMs;
  return places(seed, count * 2, (index) => {
    const joined = (0.9 * index) / (count * 2);
    return {
      kind: 'node',
      periodMs,
      offsetMs: beginMs + joined * periodMs,
      longestLifeMs: periodMs * (1 - joined) * 0.95,
      flavors: [FLAVORS.medium, FLAVORS.large, FLAVORS.ephemeral],
    };
  });
};

/** Large servers for a few hours every night. */
const nightly: Temperament = (seed, count, draws) =>
  places(seed, count, () => ({
    kind: 'batch',
    periodMs: DAY_MS,
    offsetMs: draws.between(20, 24) * HOUR_MS,
    longestLifeMs: draws.between(3, 8) * HOUR_MS,
    flavors: [FLAVORS.large, FLAVORS.memory],
  }));

/** Servers for a day's work, a few hours to a few days. */
const bursty: Temperament = (seed, count, draws) =>
  places(seed, count, () => {
    const periodMs = draws.between(10, 100) * HOUR_MS;
    return {
      kind: 'analysis',
      periodMs,
      offsetMs: draws.next() * periodMs,
      longestLifeMs: periodMs * draws.between(0.2, 0.7),
      flavors: [FLAVORS.medium, FLAVORS.large, FLAVORS.gpu, FLAVORS.vgpu, FLAVORS.mig],
    };
  });

/** Small servers that live for minutes. Most of them come and go between two refreshes of an exporter. */
const testing: Temperament = (seed, count, draws) =>
  places(seed, count, () => {
    const periodMs = draws.between(40, 180) * 60_000;
    return {
      kind: 'ci',
      periodMs,
      offsetMs: draws.next() * periodMs,
      longestLifeMs: draws.between(5, 30) * 60_000,
      flavors: [FLAVORS.tiny, FLAVORS.small],
    };
  });

const idle: Temperament = () => [];

const TEMPERAMENTS: readonly (readonly [Temperament, share: number])[] = [
  [steady, 0.4],
  [growing, 0.18],
  [nightly, 0.14],
  [bursty, 0.16],
  [testing, 0.07],
  [idle, 0.05],
];

export function drawTemperament(draws: Draws): Temperament {
  let left = draws.next();
  return TEMPERAMENTS.find(([, share]) => (left -= share) < 0)?.[0] ?? steady;
}

function places(
  seed: PlaceSeed,
  count: number,
  make: (index: number) => Omit<Place, keyof PlaceSeed>,
): Place[] {
  return Array.from({ length: count }, (_, index) => ({
    ...seed,
    key: `${seed.key}/${index}`,
    ...make(index),
  }));
}
