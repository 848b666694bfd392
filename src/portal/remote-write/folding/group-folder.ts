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
import { sweepOfGroups, type SweepOfGroups } from './sweep-of-groups.ts';
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
    for (const groups of bySite(ready)) {
      const newestMs = this.#newestMs.get(groups[0]?.site ?? '') ?? Infinity;
      const between = await inTurns(groupsBetween(groups, newestMs));
      for (let rest = groups; rest.length > 0;) {
        let part = rest;
        try {
          const { groups: first, ...sweep } = await this.#sweepOf(rest, between);
          part = rest.slice(0, first);
          await this.#fold(room, part, sweep);
        } catch (error) {
          errors.push(...(await this.#afterFailure(room, part, error)));
        }
        rest = rest.slice(part.length);
      }
    }
    if (errors.length > 0) throw errors[0];
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
    const nowMs = clock.nowMs();
    const isLasting = ({ receivedMs }: Group) => nowMs - receivedMs >= SET_ASIDE_AFTER_MS;
    const lasting = groups.filter(isLasting);
    room.putBack(groups.filter((group) => !isLasting(group)));
    const errors: unknown[] = lasting.length < groups.length ? [error] : [];
    for (const group of lasting) {
      try {
        await this.#foldAlone(room, group).catch(async (reason: unknown) => {
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

  async #foldAlone(room: WaitingRoom, group: Group): Promise<void> {
    await this.#fold(room, [group], await this.#sweepOf([group], NONE_BETWEEN));
  }

  async #sweepOf(groups: readonly Group[], between: ReadonlySet<Group>): Promise<SweepOfGroups> {
    const { clock, optionsOf } = this.#parts;
    const options = optionsOf(groups[0]?.site ?? '');
    return await inTurns(sweepOfGroups(groups, between, clock.nowMs(), options));
  }

  async #fold(
    room: WaitingRoom,
    groups: readonly Group[],
    { unread, ...sweep }: Omit<SweepOfGroups, 'groups'>,
  ): Promise<void> {
    const { ledger, metrics } = this.#parts;
    const [first, last] = [groups[0] as Group, groups.at(-1) as Group];
    const { site } = first;
    const outcome = await ledger.foldInAnyOrder(site, sweep);
    const folded = outcome.folded + unread;
    countFold(metrics, site, { ...outcome, folded }, [...sweep.refusals, ...(outcome.refusals ?? [])]);
    this.#newestMs.set(site, Math.max(instantMs(last), this.#newestMs.get(site) ?? -Infinity));
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
