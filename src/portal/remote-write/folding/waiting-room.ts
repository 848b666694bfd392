import type { Sample } from '../../../prometheus/sample.ts';
import { EXPORTER_METRICS } from '../../../prometheus/usage-metrics.ts';
import type { Statement } from '../inbox.ts';
import { instantKey, type Instant, type UsagePart, type WrittenSeries } from '../sorting.ts';

/** How long usage waits for its exporter's statement, from the time of receipt. */
export interface Patience {
  /** The wait if the exporter states the missing fact about no instant near this one. */
  unknownMs: number;
  /** The wait if the exporter states the missing fact about instants near this one. */
  statingMs: number;
}

/** The usage of one instant, from one or several requests. */
export interface Group extends UsagePart {
  requests: Set<string>;
  receivedMs: number;
  foldedUntilSeconds: number | null;
  epoch: string | null;
  /** The kinds of facts that the exporter states about instants near this one, as far as known. */
  states: Statement['states'];
}

/** An amount of waiting samples. */
export interface Amount {
  samples: number;
  /** Bytes in memory and in the inbox, estimated. */
  bytes: number;
}

/** The holder and the size of a request. */
export interface Holding {
  /** The name that the bytes of the request count for. Senders with the same sites are one holder. */
  holder: string;
  bytes: number;
}

interface WaitingRequest extends Holding, Amount {
  /** The number of groups that still have samples of the request. */
  left: number;
}

const NOBODYS: Holding = { holder: '', bytes: 0 };

/**
 * Joins samples of one instant that arrive in several requests (rule A0). Each sample here is in the inbox, too.
 */
export class WaitingRoom {
  readonly #patience: Patience;
  readonly #groups = new Map<string, Group>();
  readonly #requests = new Map<string, WaitingRequest>();
  /** The waiting samples of each holder. */
  readonly #held = new Map<string, Amount>();
  #samples = 0;

  constructor(patience: Patience) {
    this.#patience = patience;
  }

  get samples(): number {
    return this.#samples;
  }

  /** The waiting samples of one holder. */
  heldBy(holder: string): Amount {
    return this.#held.get(holder) ?? { samples: 0, bytes: 0 };
  }

  /** The bytes of all waiting samples. */
  get bytes(): number {
    return [...this.#held.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  get requests(): string[] {
    return [...this.#requests.keys()];
  }

  /** Adds the usage of a request. `request` is its id in the inbox. A second call for the same request changes nothing. */
  add(request: string, usage: readonly UsagePart[], receivedMs: number, holding: Holding = NOBODYS): void {
    if (this.#requests.has(request)) return;
    const samples = usage.reduce((sum, part) => sum + part.values.length, 0);
    this.#requests.set(request, { ...holding, samples, left: usage.length });
    this.#hold(holding.holder, { samples, bytes: holding.bytes });
    for (const part of usage) {
      const group = this.#groupOf(part, receivedMs);
      group.requests.add(request);
      append(group, part);
      this.#samples += part.values.length;
    }
  }

  /** Groups that lack facts. */
  lacking(): Group[] {
    return [...this.#groups.values()].filter((group) => !isComplete(group));
  }

  /** Adds statements from the inbox to groups that lack facts. */
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
   * Takes out the groups that can be folded, the oldest first. Such a group is complete or has waited long enough, and no
   * older group of the same exporter still waits. Samples that come later for the same instant are a new group.
   */
  take(nowMs: number): Group[] {
    const waiting = new Set<string>();
    const ready: Group[] = [];
    for (const group of [...this.#groups.values()].toSorted((one, other) => one.atMs - other.atMs)) {
      const exporter = exporterOf(group);
      if (!waiting.has(exporter) && this.#isReady(group, nowMs)) ready.push(group);
      else waiting.add(exporter);
    }
    for (const group of ready) this.#groups.delete(instantKey(group));
    return ready;
  }

  /** Puts groups back that could not be folded. Joins them with groups of the same instants that arrived since. */
  putBack(groups: readonly Group[]): void {
    for (const group of groups) {
      const since = this.#groups.get(instantKey(group));
      if (since !== undefined) {
        for (const request of since.requests) group.requests.add(request);
        append(group, since);
      }
      this.#groups.set(instantKey(group), group);
    }
  }

  /** Marks groups as folded. */
  dismiss(groups: readonly Group[]): void {
    for (const { requests, values } of groups) {
      this.#samples -= values.length;
      for (const request of requests) {
        const known = this.#requests.get(request);
        if (known !== undefined) known.left -= 1;
      }
    }
  }

  /** The requests with nothing left to fold. */
  finished(): string[] {
    return [...this.#requests].filter(([, { left }]) => left <= 0).map(([request]) => request);
  }

  /** Forgets requests that are no longer in the inbox. */
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
      series: [],
      values: [],
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

function append(group: Group, { series, values }: UsagePart): void {
  for (const one of series) group.series.push(one);
  for (const value of values) group.values.push(value);
}

function isComplete({ foldedUntilSeconds, epoch }: Group): boolean {
  return foldedUntilSeconds !== null && epoch !== null;
}

/**
 * Whether a fact is missing that the exporter states about other instants. Without this fact, the epoch of a total or the
 * end of the time that the total covers is unknown.
 */
export function lacksStatement({ foldedUntilSeconds, epoch, states }: Group): boolean {
  return (foldedUntilSeconds === null && states.foldedUntil) || (epoch === null && states.epoch);
}

/** The key of an instant's exporter. */
function exporterOf({ site, exporter }: Pick<Instant, 'site' | 'exporter'>): string {
  return `${site}\0${exporter}`;
}

/** The samples of a group as in a sweep, with the facts of the exporter. */
export function samplesOf(group: Group): Sample[] {
  return [
    ...factsOf(group),
    ...group.series.map((series, place) => sampleOf(series, group.values[place], group.atMs)),
  ];
}

/** Samples that state the facts of a group's exporter. */
function factsOf({ foldedUntilSeconds, epoch, exporter, atMs }: Group): Sample[] {
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
  return facts;
}

function sampleOf({ name, labels }: WrittenSeries, value = Number.NaN, timestampMs = 0): Sample {
  return { name, labels, value, timestampMs };
}
