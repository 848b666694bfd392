import { staticCloud, type StaticCloud } from '../src/simulation/model/static-cloud.ts';
import type { CloudModel } from '../src/simulation/model/cloud-model.ts';
import type { Flavor, ServerLife } from '../src/simulation/model/server-life.ts';

const DAY_MS = 86_400_000;

const FLAVORS: readonly Flavor[] = [1, 2, 8, 16].map((vcpus) => ({
  id: `c${vcpus}`,
  name: `c${vcpus}`,
  vcpus,
  memoryMb: vcpus * 4096,
  diskGb: 20,
  ephemeralGb: 0,
  extraSpecs: vcpus === 16 ? { 'pci_passthrough:alias': 'a100:1' } : {},
}));

export interface LargeCloud {
  projects: number;
  /** Servers that run during the whole measured time. */
  running: number;
  /** Servers that were deleted within the year before. */
  deleted: number;
  nowMs: number;
  /** Servers that are stopped and started in turn, once in each interval from `nowMs` on. */
  changing?: { servers: number; intervalMs: number; intervals: number };
}

/** A cloud of the given size, with a volume and a floating IP for each project. */
export function largeCloud({ projects, running, deleted, nowMs, changing }: LargeCloud): CloudModel {
  const ids = Array.from({ length: projects }, (_, index) => hex(index, 32));
  const projectOf = (index: number) => ids[index % projects] ?? '';
  const sinceMs = Math.floor((nowMs - 366 * DAY_MS) / 1000) * 1000;
  const past = (index: number): ServerLife => {
    const atMs = sinceMs + 1000 * Math.floor((index / deleted) * 364 * 86_400);
    return life(running + index, projectOf(index * 7), atMs, atMs + DAY_MS);
  };
  return staticCloud({
    domains: [{ id: 'default', name: 'Default' }],
    projects: ids.map((id, index) => ({ id, name: `project-${index}`, domainId: 'default' })),
    servers: [
      ...Array.from({ length: running }, (_, index) => ({
        ...life(index, projectOf(index), sinceMs, undefined),
        ...(changing !== undefined && index < changing.servers ? stopsAndStarts(nowMs, changing) : {}),
      })),
      ...Array.from({ length: deleted }, (_, index) => past(index)),
    ],
    belongings: belongings(ids, sinceMs),
  });
}

function life(index: number, projectId: string, atMs: number, deletedMs: number | undefined): ServerLife {
  const flavor = FLAVORS[index % FLAVORS.length] as Flavor;
  const id = `${hex(index, 8)}-0000-4000-8000-000000000000`;
  return { id, name: 'server', projectId, metadata: {}, launches: [{ atMs, flavor }], deletedMs };
}

/** The states and the record of actions of a server that is stopped and started. */
function stopsAndStarts(
  nowMs: number,
  { intervalMs, intervals }: NonNullable<LargeCloud['changing']>,
): Pick<ServerLife, 'states' | 'actions'> {
  const fromMs = Math.floor(nowMs / 1000) * 1000;
  const changes = Array.from({ length: intervals }, (_, index) => ({
    atMs: fromMs + index * intervalMs,
    ...(index % 2 === 0 ? { name: 'stop', state: 'stopped' } : { name: 'start', state: 'active' }),
  }));
  return {
    states: changes.map(({ atMs, state }) => ({ atMs, state })),
    actions: changes.map(({ atMs, name }) => ({ name, startMs: atMs - 2000, endMs: atMs })),
  };
}

function belongings(ids: readonly string[], atMs: number): NonNullable<StaticCloud['belongings']> {
  const id = (index: number, kind: number) => `${hex(index, 8)}-0000-4000-800${kind}-000000000000`;
  return {
    volumes: ids.map((projectId, index) => ({
      id: id(index, 1),
      projectId,
      volumeType: 'ssd',
      sizes: [{ atMs, sizeGb: 100 }],
    })),
    floatingIps: ids.map((projectId, index) => ({ id: id(index, 2), projectId, createdMs: atMs })),
    storedBytes: [],
  };
}

/** Hexadecimal digits that look random, but are the same in each run. */
function hex(index: number, digits: number): string {
  const mixed = Math.imul(index, 0x9e_37_79_b1) >>> 0;
  return mixed
    .toString(16)
    .padStart(8, '0')
    .padEnd(digits, index.toString(16).padStart(8, '0'))
    .slice(0, digits);
}
