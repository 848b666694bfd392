import { eachInSteps, type Steps } from '../../../../prometheus/steps.ts';
import type { Reading, Refusal } from '../../ledger.ts';
import { sameName, type ProjectName } from '../sites/names.ts';
import type { SiteCaps } from '../sites/site-caps.ts';
import { meterKey, projectKey, resourceKey } from '../meters/identity.ts';

/** The objects of a sweep that the ledger already knows. */
export interface SiteInventory {
  /** The present names of projects, by `projectKey`. */
  projects: ReadonlyMap<string, ProjectName>;
  clouds: ReadonlySet<string>;
  /** By `resourceKey`, as are the kinds of servers. */
  resources: ReadonlySet<string>;
  serverKinds: ReadonlySet<string>;
  epochs: ReadonlySet<string>;
  /** By `meterKey`. */
  meters: ReadonlySet<string>;
}

/** The readings for which the ledger has room, and the refusals of all others. */
export interface Admission {
  readings: Reading[];
  refusals: Refusal[];
}

/**
 * Refuses readings for which a site has no more `room` in the ledger. Readings of known meters, in known
 * epochs, always pass. If only the name of a project is too much, the reading counts under the old name.
 */
export function* admit(readings: readonly Reading[], known: SiteInventory, room: SiteCaps): Steps<Admission> {
  const places = {
    projects: new Places(known.projects, room.projects),
    clouds: new Places(known.clouds, room.clouds),
    resources: new Places(known.resources, room.resources),
    serverKinds: new Places(known.serverKinds, room.serverKinds),
    epochs: new Places(known.epochs, room.epochs),
    meters: new Places(known.meters, room.meters),
  };
  const names = new Names(known.projects, room.names);
  const refusals = new Map<string, Refusal>();
  const admitted: Reading[] = [];
  yield* eachInSteps(readings, (reading) => {
    const [ofResource, why] =
      reading.servers === undefined
        ? ([places.resources, 'too many resources'] as const)
        : ([places.serverKinds, 'too many flavors and states'] as const);
    const wanted = [
      [places.projects, projectKey(reading), 'too many projects'],
      [places.clouds, reading.cloud, 'too many clouds'],
      [ofResource, resourceKey(reading), why],
      [places.epochs, reading.epoch, 'too many epochs'],
      [places.meters, meterKey(reading), 'too many meters'],
    ] as const;
    const full = wanted.find(([place, key]) => !place.has(key));
    if (full !== undefined) {
      count(refusals, full[2], reading);
      return;
    }
    for (const [place, key] of wanted) place.take(key);
    const named = names.admit(reading);
    if (named !== reading) count(refusals, 'too many names', reading);
    admitted.push(named);
  });
  return { readings: admitted, refusals: [...refusals.values()] };
}

type KeySet = Pick<ReadonlySet<string>, 'has'>;

/** Places for new keys, beside the known keys. The known keys may be many, so they are not copied. */
class Places {
  readonly #known: KeySet;
  readonly #taken = new Set<string>();
  #left: number;

  constructor(known: KeySet, left: number) {
    this.#known = known;
    this.#left = left;
  }

  has(key: string): boolean {
    return this.#left > 0 || this.#isKnown(key);
  }

  take(key: string): void {
    if (this.#isKnown(key)) return;
    this.#taken.add(key);
    this.#left -= 1;
  }

  #isKnown(key: string): boolean {
    return this.#known.has(key) || this.#taken.has(key);
  }
}

class Names {
  readonly #known: ReadonlyMap<string, ProjectName>;
  /** The latest names in this sweep. */
  readonly #latest = new Map<string, ProjectName>();
  #left: number;

  constructor(known: ReadonlyMap<string, ProjectName>, left: number) {
    this.#known = known;
    this.#left = left;
  }

  /** The reading. If there is no room for its name, the reading under the project's present name. */
  admit(reading: Reading): Reading {
    const key = projectKey(reading);
    const present = this.#latest.get(key) ?? this.#known.get(key);
    if (present !== undefined && sameName(present, reading)) return reading;
    // A new project has a place of its own, and needs a name.
    if (present !== undefined && this.#left <= 0) return { ...reading, ...namesOf(present) };
    this.#left -= 1;
    this.#latest.set(key, namesOf(reading));
    return reading;
  }
}

function namesOf({ projectName, domainId, domainName }: ProjectName): ProjectName {
  return { projectName, domainId, domainName };
}

function count(
  refusals: Map<string, Refusal>,
  reason: string,
  { cloud, projectId, ...reading }: Reading,
): void {
  const known = refusals.get(reason);
  if (known !== undefined) known.count += 1;
  else refusals.set(reason, { reason, count: 1, example: exampleOf({ cloud, projectId, ...reading }) });
}

/** The identity of a reading in one printable line. */
function exampleOf({ cloud, projectId, projectName, resource, servers, epoch }: Reading): string {
  const project = { cloud, project_id: projectId, project_name: projectName };
  const { flavor = '', state = '' } = servers ?? {};
  const parts = Object.entries({ ...project, resource, flavor, state, epoch })
    .filter(([, text]) => text !== '')
    .map(([label, text]) => `${label}=${JSON.stringify(text.slice(0, 60))}`);
  return parts.join(' ').replaceAll(/\p{C}/gu, '?').slice(0, 200);
}
