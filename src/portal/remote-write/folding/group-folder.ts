import type { Queryable } from '../../database/sql.ts';
import type { Clock } from '../../../runtime/clock.ts';
import type { Logger } from '../../../runtime/logger.ts';
import { inTurns } from '../../../runtime/in-turns.ts';
import { describeError } from '../../../runtime/user-error.ts';
import type { SweepOptions } from '../../ledger/accounting/sweeps/readings.ts';
import { LeaseLostError } from '../../ledger/lease-lost.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { countFold, type PortalMetrics } from '../../metrics.ts';
import { isContentError } from './bad-content.ts';
import { setAside, type SetAsideLimits } from './set-aside.ts';
import { groupsBetween, instantMs } from './instants-between.ts';
import { sweepOfGroups } from './sweep-of-groups.ts';
import type { Group, WaitingRoom } from './waiting-room.ts';

export interface GroupFolderParts {
  database: Queryable;
  ledger: Pick<Ledger, 'foldInAnyOrder' | 'recordFailure'>;
  clock: Clock;
  logger: Logger;
  metrics: PortalMetrics;
  limits: SetAsideLimits;
  /** The options for reading a site's samples; undefined means the defaults. */
  optionsOf: (site: string) => SweepOptions | undefined;
}

/** Samples with bad content are set aside after this time: they will never be folded, and would fill the inbox. */
const SET_ASIDE_AFTER_MS = 3_600_000;
const SAMPLES_PER_FOLD = 200_000;
const NONE_BETWEEN: ReadonlySet<Group> = new Set();

/** Folds groups from a waiting room, each site by itself, and handles groups that cannot be folded. */
export class GroupFolder {
  readonly #parts: GroupFolderParts;
  /** By site: the newest instant that was folded here, Unix milliseconds. */
  readonly #newestMs = new Map<string, number>();

  constructor(parts: GroupFolderParts) {
    this.#parts = parts;
  }

  /**
   * Folds all groups. A failure at one site does not stop the others: its groups go back, and the first error is thrown
   * at the end.
   */
  async foldAll(room: WaitingRoom, ready: readonly Group[]): Promise<void> {
    const errors: unknown[] = [];
    for (const groups of bySite(ready))
      for (let rest = groups; rest.length > 0;) {
        const { part, between } = await this.#firstPart(rest);
        await this.#fold(room, part, between).catch(async (error: unknown) => {
          errors.push(...(await this.#afterFailure(room, part, error)));
        });
        rest = rest.slice(part.length);
      }
    if (errors.length > 0) throw errors[0];
  }

  /** The groups that are folded at once: a bounded number of samples, without those of groups between others. */
  async #firstPart(
    groups: readonly Group[],
  ): Promise<{ part: readonly Group[]; between: ReadonlySet<Group> }> {
    const newestMs = this.#newestMs.get(groups[0]?.site ?? '') ?? Infinity;
    const between = await inTurns(groupsBetween(groups, newestMs));
    let samples = 0;
    const last = groups.findIndex((group) => {
      if (!between.has(group)) samples += group.values.length;
      return samples >= SAMPLES_PER_FOLD && !between.has(group);
    });
    return { part: last < 0 ? groups : groups.slice(0, last + 1), between };
  }

  /**
   * Handles a failed fold. If the cause is not the content (the database is down, another portal has taken over), all groups
   * go back. If it is the content, groups that have waited long enough are tried one by one, and those that still fail are set
   * aside.
   */
  async #afterFailure(room: WaitingRoom, groups: readonly Group[], error: unknown): Promise<unknown[]> {
    const { clock, metrics } = this.#parts;
    if (!(error instanceof LeaseLostError))
      metrics.sweeps.inc({ site: groups[0]?.site ?? '', result: 'ledger_failure' });
    if (!isContentError(error)) {
      room.putBack(groups);
      return [error];
    }
    await this.#record(groups[0]?.site ?? '', describeError(error));
    const lasting = groups.filter(({ receivedMs }) => clock.nowMs() - receivedMs >= SET_ASIDE_AFTER_MS);
    room.putBack(groups.filter((group) => !lasting.includes(group)));
    const errors: unknown[] = lasting.length < groups.length ? [error] : [];
    for (const group of lasting) {
      try {
        await this.#fold(room, [group], NONE_BETWEEN).catch(async (reason: unknown) => {
          if (!isContentError(reason)) throw reason;
          await this.#setAside(room, group, describeError(reason));
        });
      } catch (reason) {
        room.putBack([group]);
        errors.push(reason);
      }
    }
    return errors;
  }

  /**
   * Sets a group aside that can never be folded, so that it does not hold up later ones. Totals continue, so its usage is
   * spread. Throws if the database does not answer.
   */
  async #setAside(
    room: WaitingRoom,
    { site, requests, values, ...group }: Group,
    reason: string,
  ): Promise<void> {
    const { database, clock, logger, metrics, limits } = this.#parts;
    const aside = { site, requests: [...requests], reason, nowMs: clock.nowMs() };
    const dropped = await setAside(database, aside, limits);
    room.dismiss([{ site, requests, values, ...group }]);
    await this.#record(site, reason);
    metrics.setAsideSamples.inc({ site }, values.length);
    logger.error(
      { site, samples: values.length, reason, dropped },
      'written samples cannot be folded: they are set aside in remote_write.set_aside',
    );
  }

  /** Shows at the site that samples do not count. It does not matter if this record fails. */
  async #record(site: string, reason: string): Promise<void> {
    const { ledger, clock } = this.#parts;
    const shown = `the ledger could not fold the written samples: ${reason}`;
    await ledger.recordFailure(site, clock.nowMs(), shown).catch(() => undefined);
  }

  /** Forgets what was folded here: another portal folds now. */
  forget(): void {
    this.#newestMs.clear();
  }

  async #fold(room: WaitingRoom, groups: readonly Group[], between: ReadonlySet<Group>): Promise<void> {
    const { ledger, clock, metrics, optionsOf } = this.#parts;
    const site = groups[0]?.site ?? '';
    const { unread, ...sweep } = await inTurns(
      sweepOfGroups(groups, between, clock.nowMs(), optionsOf(site)),
    );
    const outcome = await ledger.foldInAnyOrder(site, sweep);
    const folded = outcome.folded + unread;
    countFold(metrics, site, { ...outcome, folded }, [...sweep.refusals, ...(outcome.refusals ?? [])]);
    const newestMs = Math.max(...groups.map(instantMs), this.#newestMs.get(site) ?? -Infinity);
    this.#newestMs.set(site, newestMs);
    room.dismiss(groups);
  }
}

/** The groups of each site, in order of their instants. */
function bySite(groups: readonly Group[]): (readonly Group[])[] {
  const sites = new Map<string, Group[]>();
  for (const group of groups) {
    const known = sites.get(group.site);
    if (known === undefined) sites.set(group.site, [group]);
    else known.push(group);
  }
  return [...sites.values()].map((ofSite) =>
    ofSite.toSorted((one, other) => instantMs(one) - instantMs(other)),
  );
}
