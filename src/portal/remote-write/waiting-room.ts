import type { Sample } from '../../prometheus/sample.ts';
import { EXPORTER_METRICS } from '../../prometheus/usage-metrics.ts';
import type { Statement } from './inbox.ts';
import { instantKey, type Instant, type UsagePart } from './sorting.ts';

/** How long usage waits for what its exporter states about it, since it was received. */
export interface Patience {
  /** Where the exporter has not stated yet what is lacking. */
  unknownMs: number;
  /** Where it does, about instants near this one. */
  statingMs: number;
}

/** Usage of one instant, from one or several requests. */
export interface Group extends Instant {
  samples: Sample[];
  requests: Set<string>;
  receivedMs: number;
  foldedUntilSeconds: number | null;
  epoch: string | null;
  /** What its exporter states about instants near it, as far as is known. */
  states: Statement['states'];
}

/** What waits, or a part of it. */
export interface Amount {
  samples: number;
  /** Of memory and of the inbox, about. */
  bytes: number;
}

/** Whose a request is, and what it takes. */
export interface Holding {
  /** Who shares the room by it: those who may write as the same sites are one. */
  holder: string;
  bytes: number;
}

interface WaitingRequest extends Holding, Amount {
  /** How many groups it is still part of. */
  left: number;
}

const NOBODYS: Holding = { holder: '', bytes: 0 };

/** Puts what arrives in pieces together by timestamp (rule A0). Holds no more than what the inbox holds too. */
export class WaitingRoom {
  readonly #patience: Patience;
  readonly #groups = new Map<string, Group>();
  readonly #requests = new Map<string, WaitingRequest>();
  /** What waits of each holder. */
  readonly #held = new Map<string, Amount>();
  #samples = 0;

  constructor(patience: Patience) {
    this.#patience = patience;
  }

  get samples(): number {
    return this.#samples;
  }

  /** What waits of one holder. */
  heldBy(holder: string): Amount {
    return this.#held.get(holder) ?? { samples: 0, bytes: 0 };
  }

  /** What waits of all. */
  get bytes(): number {
    return [...this.#held.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  get requests(): string[] {
    return [...this.#requests.keys()];
  }

  /** Adds the usage of a request that the inbox holds under `request`; one that is known already changes nothing. */
  add(request: string, usage: readonly UsagePart[], receivedMs: number, holding: Holding = NOBODYS): void {
    if (this.#requests.has(request)) return;
    const samples = usage.reduce((sum, part) => sum + part.samples.length, 0);
    this.#requests.set(request, { ...holding, samples, left: usage.length });
    this.#hold(holding.holder, { samples, bytes: holding.bytes });
    for (const part of usage) {
      const group = this.#groupOf(part, receivedMs);
      group.requests.add(request);
      for (const sample of part.samples) group.samples.push(sample);
      this.#samples += part.samples.length;
    }
  }

  /** Groups that lack facts. */
  lacking(): Group[] {
    return [...this.#groups.values()].filter((group) => !isComplete(group));
  }

  /** Takes over what the inbox knows of groups that lack facts. */
  learn(statements: readonly Statement[]): void {
    for (const { states, foldedUntilSeconds, epoch, ...instant } of statements) {
      const group = this.#groups.get(instantKey(instant));
      if (group === undefined) continue;
      group.foldedUntilSeconds = foldedUntilSeconds ?? group.foldedUntilSeconds;
      group.epoch = epoch ?? group.epoch;
      group.states = states;
    }
  }

  /**
   * Takes out the groups that can be folded, the oldest first: those that are complete or have waited long enough, and
   * have no older group of the same exporter before them that still waits. What comes later to an instant that was
   * taken out is a group by itself.
   */
  take(nowMs: number): Group[] {
    const held = new Set<string>();
    const ready: Group[] = [];
    for (const group of [...this.#groups.values()].toSorted((one, other) => one.atMs - other.atMs)) {
      const exporter = exporterOf(group);
      if (!held.has(exporter) && this.#isReady(group, nowMs)) ready.push(group);
      else held.add(exporter);
    }
    for (const group of ready) this.#groups.delete(instantKey(group));
    return ready;
  }

  /** Takes groups back that could not be folded. */
  putBack(groups: readonly Group[]): void {
    for (const group of groups) {
      const since = this.#groups.get(instantKey(group));
      if (since !== undefined) {
        for (const request of since.requests) group.requests.add(request);
        for (const sample of since.samples) group.samples.push(sample);
      }
      this.#groups.set(instantKey(group), group);
    }
  }

  /** Notes that groups are folded. */
  dismiss(groups: readonly Group[]): void {
    for (const { requests, samples } of groups) {
      this.#samples -= samples.length;
      for (const request of requests) {
        const known = this.#requests.get(request);
        if (known !== undefined) known.left -= 1;
      }
    }
  }

  /** The requests of which nothing is left to fold. */
  finished(): string[] {
    return [...this.#requests].filter(([, { left }]) => left <= 0).map(([request]) => request);
  }

  /** The inbox holds these requests no more. */
  forget(requests: readonly string[]): void {
    for (const request of requests) {
      const known = this.#requests.get(request);
      if (known === undefined) continue;
      this.#hold(known.holder, { samples: -known.samples, bytes: -known.bytes });
      this.#requests.delete(request);
    }
  }

  #hold(holder: string, more: Amount): void {
    const { samples, bytes } = this.heldBy(holder);
    this.#held.set(holder, { samples: samples + more.samples, bytes: bytes + more.bytes });
  }

  #groupOf({ site, exporter, atMs }: Instant, receivedMs: number): Group {
    const key = instantKey({ site, exporter, atMs });
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    const group: Group = {
      site,
      exporter,
      atMs,
      receivedMs,
      samples: [],
      requests: new Set(),
      foldedUntilSeconds: null,
      epoch: null,
      states: { foldedUntil: false, epoch: false },
    };
    this.#groups.set(key, group);
    return group;
  }

  #isReady(group: Group, nowMs: number): boolean {
    const patienceMs = lacksStatement(group) ? this.#patience.statingMs : this.#patience.unknownMs;
    return isComplete(group) || nowMs - group.receivedMs >= patienceMs;
  }
}

function isComplete({ foldedUntilSeconds, epoch }: Group): boolean {
  return foldedUntilSeconds !== null && epoch !== null;
}

/**
 * Whether its exporter states of other instants what is unknown of this one. Without that a total can't be told from one of
 * another epoch, nor to which time it belongs.
 */
export function lacksStatement({ foldedUntilSeconds, epoch, states }: Group): boolean {
  return (foldedUntilSeconds === null && states.foldedUntil) || (epoch === null && states.epoch);
}

/** Key of the exporter of an instant. */
function exporterOf({ site, exporter }: Pick<Instant, 'site' | 'exporter'>): string {
  return `${site}\0${exporter}`;
}

/** The samples of a group as a sweep has them, with what the exporter states. */
export function withFacts({ samples, foldedUntilSeconds, epoch, exporter, atMs }: Group): Sample[] {
  const [cloud = '', instance = ''] = exporter.split('\0');
  const stated = { labels: { cloud, instance }, timestampMs: atMs };
  const facts: Sample[] = [];
  if (foldedUntilSeconds !== null)
    facts.push({ ...stated, name: EXPORTER_METRICS.foldedUntil, value: foldedUntilSeconds });
  if (epoch !== null)
    facts.push({
      ...stated,
      name: EXPORTER_METRICS.epochInfo,
      labels: { ...stated.labels, epoch },
      value: 1,
    });
  return [...facts, ...samples];
}
