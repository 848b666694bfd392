import type { Queryable } from '../database/sql.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import { describeError } from '../../runtime/user-error.ts';
import type { SweepOptions } from '../ledger/accounting/sweeps/readings.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { PortalMetrics } from '../metrics.ts';
import { sitesOf } from '../settings/sender-settings.ts';
import { holderOf } from './fair-room.ts';
import { GroupFolder } from './group-folder.ts';
import * as inbox from './inbox.ts';
import type { RequestReader } from './request-reader.ts';
import { setAside, type SetAsideLimits } from './set-aside.ts';
import { bytesOf, type Sorted } from './sorting.ts';
import { WaitingRoom, type Amount } from './waiting-room.ts';
import type { WaitingLimits } from './write-limits.ts';

const PATIENCE = { unknownMs: 15_000, statingMs: 300_000 };
/** How often facts are counted. */
const FACTS_COUNTED_MS = 60_000;

export interface InboxFolderParts {
  database: Queryable;
  ledger: Pick<Ledger, 'foldInAnyOrder' | 'recordFailure'>;
  clock: Clock;
  logger: Logger;
  metrics: PortalMetrics;
  limits: WaitingLimits & SetAsideLimits;
  reader: RequestReader;
  /** How what comes of a site is read; as usual where it is undefined. */
  optionsOf: (site: string) => SweepOptions | undefined;
}

/** Folds what the inbox holds, once it is complete, or knows how much of it is left to another portal. */
export class InboxFolder {
  readonly #parts: InboxFolderParts;
  readonly #folder: GroupFolder;
  #room = new WaitingRoom(PATIENCE);
  /** Bytes of what is left to another portal, by holder. */
  #inboxBytes: ReadonlyMap<string, number> = new Map();
  #factsCountedMs = 0;

  constructor(parts: InboxFolderParts) {
    this.#parts = parts;
    this.#folder = new GroupFolder(parts);
  }

  /** What waits here, of all. */
  get waiting(): Amount {
    return { samples: this.#room.samples, bytes: this.#room.bytes };
  }

  /** What waits here of one holder. */
  heldBy(holder: string): Amount {
    return this.#room.heldBy(holder);
  }

  /** Bytes of what is left to another portal, by holder. */
  get inboxBytes(): ReadonlyMap<string, number> {
    return this.#inboxBytes;
  }

  /** Adds a request that the inbox holds. */
  add({ id, rule, receivedMs, body }: inbox.StoredRequest, { usage }: Sorted): void {
    const holding = { holder: holderOf(rule), bytes: body.length + bytesOf(usage) };
    this.#room.add(id, usage, receivedMs, holding);
  }

  /** Folds what is complete, once. */
  async fold(): Promise<void> {
    const { database, clock } = this.#parts;
    await this.#loadOthers();
    const lacking = this.#room.lacking();
    if (lacking.length > 0) this.#room.learn(await inbox.loadStatements(database, lacking));
    try {
      await this.#folder.foldAll(this.#room, this.#room.take(clock.nowMs()));
    } finally {
      // What is folded leaves the inbox, whatever else fails.
      await this.#removeFinished();
      this.#parts.metrics.waitingSamples.set(this.#room.samples);
    }
    await this.#forgetFacts();
  }

  /** Another portal folds it: all of it is in the inbox. */
  async leaveToOthers(): Promise<void> {
    const { database, metrics } = this.#parts;
    this.#room = new WaitingRoom(PATIENCE);
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

  /** What this portal does not know of that was written: to others, and before it ran. */
  async #loadOthers(): Promise<void> {
    this.#inboxBytes = new Map();
    for (let isAll = false; !isAll && !this.#isFull;) {
      const loaded = await inbox.loadRequests(this.#parts.database, this.#room.requests);
      for (const request of loaded.requests) await this.#load(request);
      isAll = loaded.isAll;
    }
  }

  /** An earlier version may have taken what this one does not. */
  async #load(request: inbox.StoredRequest): Promise<void> {
    const { reader } = this.#parts;
    try {
      this.add(request, await reader.readNow(request.body, request.rule));
    } catch (error) {
      await this.#setAside(request, describeError(error));
    }
  }

  /** How many samples of which site it holds nobody knows: it counts as one of each site that its sender may write as. */
  async #setAside({ id, rule }: inbox.StoredRequest, reason: string): Promise<void> {
    const { database, clock, logger, metrics, limits } = this.#parts;
    const aside = { site: holderOf(rule), requests: [id], nowMs: clock.nowMs() };
    await setAside(database, { ...aside, reason }, limits);
    await inbox.removeRequests(database, [id]);
    for (const site of sitesOf({ rule })) metrics.setAsideSamples.inc({ site });
    logger.error({ site: aside.site, reason }, 'a request that was kept cannot be read: it is set aside');
  }

  async #removeFinished(): Promise<void> {
    const finished = this.#room.finished();
    await inbox.removeRequests(this.#parts.database, finished);
    this.#room.forget(finished);
  }
}
