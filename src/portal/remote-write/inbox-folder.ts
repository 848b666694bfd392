import type { Queryable } from '../database/sql.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import { describeError } from '../../runtime/user-error.ts';
import type { SweepOptions } from '../ledger/accounting/sweeps/readings.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { PortalMetrics } from '../metrics.ts';
import { sitesOf } from '../settings/sender-settings.ts';
import { holderOf } from './fair-room.ts';
import { GroupFolder } from './folding/group-folder.ts';
import * as inbox from './inbox.ts';
import type { RequestReader } from './request-reader.ts';
import { setAside, type SetAsideLimits } from './folding/set-aside.ts';
import { bytesOf, type SortedRequest } from './sorting.ts';
import { WaitingRoom, type Amount } from './folding/waiting-room.ts';
import type { WaitingLimits } from './write-limits.ts';

const PATIENCE = { unknownMs: 15_000, statingMs: 300_000 };
/** The time between two counts of facts. */
const FACTS_COUNTED_MS = 60_000;

export interface InboxFolderParts {
  database: Queryable;
  ledger: Pick<Ledger, 'foldInAnyOrder' | 'recordFailure'>;
  clock: Clock;
  logger: Logger;
  metrics: PortalMetrics;
  limits: WaitingLimits & SetAsideLimits;
  reader: RequestReader;
  /** The options for reading a site's samples; undefined means the defaults. */
  optionsOf: (site: string) => SweepOptions | undefined;
}

/** Folds complete samples from the inbox. If another portal folds, only counts the bytes in the inbox. */
export class InboxFolder {
  readonly #parts: InboxFolderParts;
  readonly #folder: GroupFolder;
  #room = new WaitingRoom(PATIENCE);
  /** Bytes in the inbox that another portal folds, by holder. */
  #inboxBytes: ReadonlyMap<string, number> = new Map();
  #factsCountedMs = 0;

  constructor(parts: InboxFolderParts) {
    this.#parts = parts;
    this.#folder = new GroupFolder(parts);
  }

  /** Everything that waits here. */
  get waiting(): Amount {
    return { samples: this.#room.samples, bytes: this.#room.bytes };
  }

  /** Everything that waits here for one holder. */
  heldBy(holder: string): Amount {
    return this.#room.heldBy(holder);
  }

  /** Bytes in the inbox that another portal folds, by holder. */
  get inboxBytes(): ReadonlyMap<string, number> {
    return this.#inboxBytes;
  }

  /** Adds a request that is stored in the inbox. */
  add({ id, rule, receivedMs, body }: inbox.StoredRequest, { usage }: SortedRequest): void {
    const holding = { holder: holderOf(rule), bytes: body.length + bytesOf(usage) };
    this.#room.add(id, usage, receivedMs, holding);
  }

  /** Folds complete samples once. */
  async fold(): Promise<void> {
    const { database, clock } = this.#parts;
    await this.#loadOthers();
    const lacking = this.#room.lacking();
    if (lacking.length > 0) this.#room.learn(await inbox.loadStatements(database, lacking));
    try {
      await this.#folder.foldAll(this.#room, this.#room.take(clock.nowMs()));
    } finally {
      // Folded requests leave the inbox even after a failure.
      await this.#removeFinished();
      this.#parts.metrics.waitingSamples.set(this.#room.samples);
    }
    await this.#forgetFacts();
  }

  /** Leaves folding to another portal: everything is in the inbox. */
  async leaveToOthers(): Promise<void> {
    const { database, metrics } = this.#parts;
    this.#room = new WaitingRoom(PATIENCE);
    this.#folder.forget();
    metrics.waitingSamples.set(0);
    const waiting = new Map<string, number>();
    for (const { rule, bytes } of await inbox.waitingBytes(database))
      waiting.set(holderOf(rule), (waiting.get(holderOf(rule)) ?? 0) + bytes);
    this.#inboxBytes = waiting;
  }

  get #isFull(): boolean {
    const { maxWaitingSamples, maxRoomBytes } = this.#parts.limits;
    return this.#room.samples >= maxWaitingSamples || this.#room.bytes >= maxRoomBytes;
  }

  async #forgetFacts(): Promise<void> {
    const { database, clock } = this.#parts;
    await inbox.forgetOldFacts(database, clock.nowMs());
    if (clock.nowMs() - this.#factsCountedMs < FACTS_COUNTED_MS) return;
    this.#factsCountedMs = clock.nowMs();
    await inbox.forgetExcessFacts(database);
  }

  /** Loads requests that other portals received, or that came before this portal started. */
  async #loadOthers(): Promise<void> {
    this.#inboxBytes = new Map();
    for (let isAll = false; !isAll && !this.#isFull;) {
      const loaded = await inbox.loadRequests(this.#parts.database, this.#room.requests);
      for (const request of loaded.requests) await this.#load(request);
      isAll = loaded.isAll;
    }
  }

  /** Adds a stored request, or sets it aside if it cannot be read: an earlier version may have accepted it. */
  async #load(request: inbox.StoredRequest): Promise<void> {
    const { reader } = this.#parts;
    try {
      this.add(request, await reader.readNow(request.body, request.rule));
    } catch (error) {
      await this.#setAside(request, describeError(error));
    }
  }

  /** Sets a request aside. Its samples are unknown: it counts as one sample of each site of its sender. */
  async #setAside({ id, rule }: inbox.StoredRequest, reason: string): Promise<void> {
    const { database, clock, logger, metrics, limits } = this.#parts;
    const aside = { site: holderOf(rule), requests: [id], nowMs: clock.nowMs() };
    await setAside(database, { ...aside, reason }, limits);
    await inbox.removeRequests(database, [id]);
    for (const site of sitesOf({ rule })) metrics.setAsideSamples.inc({ site });
    logger.error({ site: aside.site, reason }, 'a stored request cannot be read: it is set aside');
  }

  async #removeFinished(): Promise<void> {
    const finished = this.#room.finished();
    await inbox.removeRequests(this.#parts.database, finished);
    this.#room.forget(finished);
  }
}
