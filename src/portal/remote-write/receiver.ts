import type { Queryable } from '../database/sql.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import { LastingFailure } from '../../runtime/lasting-failure.ts';
import { runRegularly } from '../../runtime/regularly.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { SweepOptions } from '../ledger/accounting/sweeps/readings.ts';
import { memoryUnits } from '../settings/memory-units.ts';
import type { PortalMetrics } from '../metrics.ts';
import { sweepOptionsOf, type SiteConfig } from '../settings/site-settings.ts';
import { senderOf } from './authentication.ts';
import * as inbox from './inbox.ts';
import { InboxFolder } from './inbox-folder.ts';
import { sitesOfSenders, type SenderConfig, type SiteRule } from '../settings/sender-settings.ts';
import { holderOf, mayTake } from './fair-room.ts';
import { RequestReader } from './request-reader.ts';
import { SharedJobsWatch } from './shared-jobs-watch.ts';
import type { SortedRequest } from './sorting.ts';
import { SET_ASIDE_LIMITS, type SetAsideLimits } from './folding/set-aside.ts';
import { WRITE_LIMITS, type WaitingLimits } from './write-limits.ts';

const PAUSE_MS = 1000;
/** A request within this time delays folding by as much. */
const BUSY_MS = 100;
/** Folding is delayed by at most this many times, five seconds. */
const MOST_DEFERRED = 50;

export interface ReceiverParts {
  database: Queryable;
  ledger: Pick<Ledger, 'foldInAnyOrder' | 'recordFailure'>;
  clock: Clock;
  logger: Logger;
  metrics: PortalMetrics;
  /** Whether this portal folds for all portals on the database. If not, another one does. */
  folds?: (() => boolean) | undefined;
  limits?: Partial<WaitingLimits & SetAsideLimits> | undefined;
}

/** The senders, and the settings of sites. */
interface WriteSources {
  senders?: readonly SenderConfig[] | undefined;
  sites: readonly Pick<SiteConfig, 'name' | 'poolProjects' | 'memoryUnit'>[];
}

/** There is no room for more samples now. The sender has to try again. */
class ReceiverFullError extends Error {
  override readonly name = 'ReceiverFullError';
}

/**
 * Receives samples that Prometheus servers write. A request is answered once it is stored in the database. Its samples are
 * folded once the exporters' statements about its instants have come, too. A portal that dies in between folds the request
 * when it runs again. Folding twice counts once (rule A1), so no transaction has to span both.
 */
export class Receiver {
  readonly #parts: ReceiverParts;
  readonly #limits: WaitingLimits & SetAsideLimits;
  readonly #folder: InboxFolder;
  readonly #sharedJobs: SharedJobsWatch;
  readonly #keeping: LastingFailure;
  readonly #folding: LastingFailure;
  readonly #reader = new RequestReader(WRITE_LIMITS);
  readonly #ending = new AbortController();
  #senders: readonly SenderConfig[] = [];
  /** By site: the options for reading its samples. */
  #options: ReadonlyMap<string, SweepOptions> = new Map();
  #loop: Promise<void> | undefined;
  #lastAcceptMs = 0;

  constructor(parts: ReceiverParts) {
    this.#parts = parts;
    this.#limits = { ...WRITE_LIMITS, ...SET_ASIDE_LIMITS, ...parts.limits };
    this.#folder = new InboxFolder({
      ...parts,
      limits: this.#limits,
      reader: this.#reader,
      optionsOf: (site) => this.#options.get(site),
    });
    this.#sharedJobs = new SharedJobsWatch(parts);
    this.#keeping = new LastingFailure(parts.logger, {
      failed: 'written samples cannot be stored; senders have to try again',
      recovered: 'written samples are stored again',
    });
    this.#folding = new LastingFailure(parts.logger, {
      failed: 'written samples could not be folded; they stay in the inbox',
      recovered: 'written samples are folded again',
    });
  }

  setSources({ senders = [], sites }: WriteSources): void {
    this.#senders = senders;
    this.#reader.setSenders(senders);
    this.#sharedJobs.setSenders(senders);
    const units = memoryUnits(sites, senders);
    const written = sitesOfSenders(senders).map((name) => ({ name }));
    this.#options = new Map(
      [...written, ...sites].map((site) => [
        site.name,
        sweepOptionsOf({ ...site, memoryUnit: units.get(site.name) }),
      ]),
    );
  }

  senderOf(authorization: string | undefined): SenderConfig | undefined {
    return senderOf(authorization, this.#senders);
  }

  /** Stores a request. Throws errors of the decoder and the database, and `ReceiverFullError`. */
  async accept({ name: sender, rule }: SenderConfig, body: Buffer): Promise<SortedRequest> {
    const { clock, metrics } = this.#parts;
    if (this.#isFullFor(rule)) throw new ReceiverFullError('too many samples wait to be folded');
    const receivedMs = clock.nowMs();
    const sorted = await this.#reader.read(sender, body, rule);
    this.#lastAcceptMs = receivedMs;
    const id = await this.#keep(sorted, { rule, receivedMs, body });
    if (id !== undefined && this.#folds) this.#folder.add({ id, rule, receivedMs, body }, sorted);
    this.#sharedJobs.see(sender, sorted, receivedMs);
    metrics.writtenSamples.inc({ sender }, countOf(sorted));
    metrics.foreignSamples.inc({ sender }, sorted.foreign);
    return sorted;
  }

  /** Returns the request's id in the inbox; undefined if it has no usage. */
  async #keep(
    { usage, facts }: SortedRequest,
    request: Omit<inbox.StoredRequest, 'id'>,
  ): Promise<string | undefined> {
    const { database } = this.#parts;
    try {
      const [id] = await Promise.all([
        usage.length > 0 ? inbox.storeRequest(database, request) : undefined,
        inbox.storeFacts(database, facts, request.receivedMs),
      ]);
      this.#keeping.succeeded();
      return id;
    } catch (error) {
      this.#keeping.failed(error);
      throw error;
    }
  }

  /** Takes room for the body of a request, like `RequestReader.takeRoom`. */
  takeRoom(sender: SenderConfig, bytes: number): (() => void) | undefined {
    return this.#reader.takeRoom(sender.name, bytes);
  }

  /** Whether the sender of `rule` has used up its room. No sender can take the room of others. */
  #isFullFor(rule: SiteRule): boolean {
    const { maxWaitingSamples, maxRoomBytes, maxWaitingBytes } = this.#limits;
    const holder = holderOf(rule);
    const sharers = new Set(this.#senders.map((sender) => holderOf(sender.rule))).size;
    const { waiting, inboxBytes: others } = this.#folder;
    const own = this.#folder.heldBy(holder);
    const inboxBytes = [...others.values()].reduce((sum, bytes) => sum + bytes, 0);
    const ownInboxBytes = others.get(holder) ?? 0;
    return !(
      mayTake({ most: maxWaitingSamples, taken: waiting.samples, own: own.samples, sharers }) &&
      mayTake({ most: maxRoomBytes, taken: waiting.bytes, own: own.bytes, sharers }) &&
      mayTake({ most: maxWaitingBytes, taken: inboxBytes, own: ownInboxBytes, sharers })
    );
  }

  /** Starts to fold complete samples at intervals, until `close()`. */
  start(): void {
    this.#loop ??= this.#foldAtIntervals();
  }

  /** Folds complete samples once. */
  async fold(): Promise<void> {
    await this.#folder.fold();
  }

  async close(): Promise<void> {
    this.#ending.abort();
    await this.#loop;
  }

  async #foldAtIntervals(): Promise<void> {
    const { clock } = this.#parts;
    let deferred = 0;
    const work = async () => {
      deferred = this.#isBusy() ? deferred + 1 : MOST_DEFERRED;
      if (deferred < MOST_DEFERRED) return;
      const startedMs = clock.nowMs();
      await this.tryToFold();
      // Requests that came meanwhile are folded as soon as their senders pause.
      deferred = this.#lastAcceptMs > startedMs ? 1 : 0;
    };
    await runRegularly(work, {
      clock,
      signal: this.#ending.signal,
      delayMs: () => (deferred > 0 ? BUSY_MS : PAUSE_MS),
    });
  }

  get #folds(): boolean {
    return this.#parts.folds?.() ?? true;
  }

  /** Whether senders are catching up. Folding waits then: many instants in one fold cost little more than one. */
  #isBusy(): boolean {
    const recent = this.#parts.clock.nowMs() - this.#lastAcceptMs < BUSY_MS;
    return recent && this.#folder.waiting.samples < this.#limits.maxWaitingSamples / 2;
  }

  /** Folds, or leaves it to the portal with the lease. Samples that fail stay in the inbox for another try. */
  async tryToFold(): Promise<void> {
    try {
      if (this.#folds) await this.fold();
      else await this.#folder.leaveToOthers();
      this.#folding.succeeded();
    } catch (error) {
      this.#folding.failed(error);
    }
  }
}

function countOf({ usage, facts }: SortedRequest): number {
  return usage.reduce((sum, { values }) => sum + values.length, facts.length);
}
