import type { Pool } from 'pg';
import { decodeWriteRequest, type WriteLimits } from '../../prometheus/remote-write.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import { describeError } from '../../runtime/user-error.ts';
import { readSweep } from '../ledger/accounting/readings.ts';
import { LeaseLostError } from '../ledger/lease-lost.ts';
import type { Ledger, Sweep } from '../ledger/ledger.ts';
import { countFold, type PortalMetrics } from '../metrics.ts';
import { senderOf } from './authentication.ts';
import * as inbox from './inbox.ts';
import type { SenderConfig } from './sender-settings.ts';
import { sortSamples, type Sorted } from './sorting.ts';
import { setAside, SET_ASIDE_LIMITS, type SetAsideLimits } from './set-aside.ts';
import { WaitingRoom, withFacts, type Group } from './waiting-room.ts';

/** What the portal takes of one request, and holds of all that are not folded yet. */
export const WRITE_LIMITS: WriteLimits & { maxBodyBytes: number; maxWaitingSamples: number } = {
  maxBodyBytes: 16 * 1024 * 1024,
  maxBytes: 64 * 1024 * 1024,
  maxSamples: 500_000,
  maxWaitingSamples: 1_000_000,
};

const PATIENCE = { unknownMs: 15_000, statingMs: 300_000 };
/** What can't be folded for so long, though the database answers, never will be, and would fill the inbox. */
const SET_ASIDE_AFTER_MS = 3_600_000;
const PAUSE_MS = 1000;
/** A request within this time puts folding off, so many pauses at most. */
const BUSY_MS = 250;
const MOST_DEFERRED = 5;
const SAMPLES_PER_FOLD = 200_000;

export interface ReceiverParts {
  pool: Pool;
  ledger: Pick<Ledger, 'fold'>;
  clock: Clock;
  logger: Logger;
  metrics: PortalMetrics;
  /** Whether this portal folds what all of them take; another does where it does not. */
  folds?: (() => boolean) | undefined;
  limits?: Partial<Pick<typeof WRITE_LIMITS, 'maxWaitingSamples'> & SetAsideLimits> | undefined;
}

/** Who may write, and what the sites say of their projects. */
interface WriteSources {
  senders?: readonly SenderConfig[] | undefined;
  sites: readonly { name: string; poolProjects?: readonly string[] | undefined }[];
}

/** There is no room for more now; the sender is to try again. */
export class ReceiverFullError extends Error {
  override readonly name = 'ReceiverFullError';
}

/**
 * Takes what Prometheus servers write. A request is answered when the database holds it, and folded when what its
 * exporters state about its instants has come too; a portal that is killed in between folds it when it runs again.
 * Folding twice counts once (rule A1), so that no transaction has to span both.
 */
export class Receiver {
  readonly #parts: ReceiverParts;
  readonly #limits: { maxWaitingSamples: number } & SetAsideLimits;
  #room = new WaitingRoom(PATIENCE);
  readonly #ending = new AbortController();
  #senders: readonly SenderConfig[] = [];
  /** Pool projects by site (rule A9). */
  #pools: ReadonlyMap<string, ReadonlySet<string>> = new Map();
  #loop: Promise<void> | undefined;
  #failing: string | undefined;
  #lastAcceptMs = 0;

  constructor(parts: ReceiverParts) {
    this.#parts = parts;
    this.#limits = { ...WRITE_LIMITS, ...SET_ASIDE_LIMITS, ...parts.limits };
  }

  setSources({ senders = [], sites }: WriteSources): void {
    this.#senders = senders;
    this.#pools = new Map(sites.map(({ name, poolProjects }) => [name, new Set(poolProjects)]));
  }

  senderOf(authorization: string | undefined): SenderConfig | undefined {
    return senderOf(authorization, this.#senders);
  }

  /** Keeps a request. Throws what the decoder and the database throw, and `ReceiverFullError`. */
  async accept({ name: sender, rule }: SenderConfig, body: Buffer): Promise<Sorted> {
    const { pool, clock, metrics } = this.#parts;
    if (this.#room.samples >= this.#limits.maxWaitingSamples)
      throw new ReceiverFullError('too much waits to be folded');
    const receivedMs = clock.nowMs();
    const sorted = sortSamples(decodeWriteRequest(body, WRITE_LIMITS), rule);
    this.#lastAcceptMs = receivedMs;
    const [id] = await Promise.all([
      sorted.usage.length > 0 ? inbox.storeRequest(pool, { rule, receivedMs, body }) : undefined,
      inbox.storeFacts(pool, sorted.facts, receivedMs),
    ]);
    if (id !== undefined && this.#folds) this.#room.add(id, sorted.usage, receivedMs);
    metrics.writtenSamples.inc({ sender }, countOf(sorted));
    metrics.foreignSamples.inc({ sender }, sorted.foreign);
    return sorted;
  }

  /** Begins to fold what is complete, until `close()`. */
  start(): void {
    this.#loop ??= this.#foldAtIntervals();
  }

  /** Folds what is complete, once. */
  async fold(): Promise<void> {
    const { pool, clock } = this.#parts;
    await this.#loadOthers();
    const lacking = this.#room.lacking();
    if (lacking.length > 0) {
      const { facts, stating } = await inbox.loadFacts(pool, lacking);
      this.#room.learn(facts, stating);
    }
    try {
      await this.#foldAll(this.#room.take(clock.nowMs()));
    } finally {
      // What is folded leaves the inbox, whatever else fails.
      await this.#removeFinished();
      this.#parts.metrics.waitingSamples.set(this.#room.samples);
    }
    await inbox.forgetOldFacts(pool, clock.nowMs());
  }

  async close(): Promise<void> {
    this.#ending.abort();
    await this.#loop;
  }

  async #foldAtIntervals(): Promise<void> {
    const { clock } = this.#parts;
    const { signal } = this.#ending;
    for (let deferred = 0; !signal.aborted; await clock.sleep(PAUSE_MS, signal)) {
      deferred = this.#isBusy() ? deferred + 1 : MOST_DEFERRED;
      if (deferred < MOST_DEFERRED) continue;
      if (this.#folds) await this.#tryToFold();
      else this.#leaveToOthers();
      deferred = 0;
    }
  }

  get #folds(): boolean {
    return this.#parts.folds?.() ?? true;
  }

  /** All of it is in the inbox, where whoever folds it finds it. */
  #leaveToOthers(): void {
    this.#room = new WaitingRoom(PATIENCE);
    this.#parts.metrics.waitingSamples.set(0);
  }

  /** Many instants in one fold cost little more than one: while senders catch up, folding lets them. */
  #isBusy(): boolean {
    const recent = this.#parts.clock.nowMs() - this.#lastAcceptMs < BUSY_MS;
    return recent && this.#room.samples < this.#limits.maxWaitingSamples / 2;
  }

  /** What fails stays in the inbox, and is tried again. A line when it begins and when it ends. */
  async #tryToFold(): Promise<void> {
    const { logger } = this.#parts;
    try {
      await this.fold();
      if (this.#failing !== undefined) logger.info({}, 'what was written is folded again');
      this.#failing = undefined;
    } catch (error) {
      const reason = describeError(error);
      if (reason !== this.#failing)
        logger.error({ reason }, 'what was written could not be folded; it is kept');
      this.#failing = reason;
    }
  }

  async #loadOthers(): Promise<void> {
    if (this.#room.samples >= this.#limits.maxWaitingSamples) return;
    for (const { id, rule, receivedMs, body } of await inbox.loadRequests(
      this.#parts.pool,
      this.#room.requests,
    ))
      this.#room.add(id, sortSamples(decodeWriteRequest(body, WRITE_LIMITS), rule).usage, receivedMs);
  }

  /** One site's trouble is not another's: what can't be folded is put back, and the first error thrown at the end. */
  async #foldAll(ready: readonly Group[]): Promise<void> {
    const errors: unknown[] = [];
    for (const groups of inParts(ready)) {
      await this.#foldGroups(groups).catch(async (error: unknown) => {
        errors.push(...(await this.#afterFailure(groups, error)));
      });
    }
    if (errors.length > 0) throw errors[0];
  }

  /** What has failed for long is tried one by one, so that what can be folded is; the rest is put back. */
  async #afterFailure(groups: readonly Group[], error: unknown): Promise<unknown[]> {
    const { clock, metrics } = this.#parts;
    // Nothing is wrong with it: the portal that has taken over folds it.
    if (error instanceof LeaseLostError) {
      this.#room.putBack(groups);
      return [error];
    }
    metrics.sweeps.inc({ site: groups[0]?.site ?? '', result: 'ledger_failure' });
    const lasting = groups.filter(({ receivedMs }) => clock.nowMs() - receivedMs >= SET_ASIDE_AFTER_MS);
    this.#room.putBack(groups.filter((group) => !lasting.includes(group)));
    const errors: unknown[] = lasting.length < groups.length ? [error] : [];
    for (const group of lasting) {
      try {
        await this.#foldGroups([group]).catch(async (reason: unknown) => {
          if (reason instanceof LeaseLostError) throw reason;
          await this.#setAside(group, describeError(reason));
        });
      } catch (reason) {
        this.#room.putBack([group]);
        errors.push(reason);
      }
    }
    return errors;
  }

  /**
   * The ledger will not take it, and must not hold up what comes later; totals go on, so that usage is spread. Throws where
   * the database does not answer.
   */
  async #setAside({ site, requests, samples, ...group }: Group, reason: string): Promise<void> {
    const { pool, clock, logger, metrics } = this.#parts;
    const aside = { site, requests: [...requests], reason, nowMs: clock.nowMs() };
    const dropped = await setAside(pool, aside, this.#limits);
    this.#room.dismiss([{ site, requests, samples, ...group }]);
    metrics.setAsideSamples.inc({ site }, samples.length);
    logger.error(
      { site, samples: samples.length, reason, dropped },
      'what was written cannot be folded: it is set aside in remote_write.set_aside',
    );
  }

  async #foldGroups(groups: readonly Group[]): Promise<void> {
    const { ledger, clock, metrics } = this.#parts;
    const site = groups[0]?.site ?? '';
    const sweep = sweepOf(groups, clock.nowMs(), this.#pools.get(site));
    const outcome = await ledger.fold(site, sweep);
    countFold(metrics, site, outcome, [...sweep.refusals, ...(outcome.refusals ?? [])]);
    this.#room.dismiss(groups);
  }

  async #removeFinished(): Promise<void> {
    const finished = this.#room.finished();
    await inbox.removeRequests(this.#parts.pool, finished);
    this.#room.forget(finished);
  }
}

function sweepOf(groups: readonly Group[], nowMs: number, pools?: ReadonlySet<string>): Sweep {
  const sweeps = groups.map((group) => readSweep(withFacts(group), nowMs, { pools }));
  return {
    receivedAtMs: nowMs,
    readings: sweeps.flatMap(({ readings }) => readings),
    refusals: sweeps.flatMap(({ refusals }) => refusals),
  };
}

/** Groups of one site, in order, in parts of a bounded number of samples. */
function inParts(groups: readonly Group[]): Group[][] {
  const parts: Group[][] = [];
  const last = new Map<string, { part: Group[]; samples: number }>();
  for (const group of groups) {
    let open = last.get(group.site);
    if (open === undefined || open.samples >= SAMPLES_PER_FOLD) {
      open = { part: [], samples: 0 };
      last.set(group.site, open);
      parts.push(open.part);
    }
    open.part.push(group);
    open.samples += group.samples.length;
  }
  return parts;
}

function countOf({ usage, facts }: Sorted): number {
  return usage.reduce((sum, { samples }) => sum + samples.length, facts.length);
}
