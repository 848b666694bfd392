import type { Queryable } from '../database/sql.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import { inTurns } from '../../runtime/in-turns.ts';
import { describeError } from '../../runtime/user-error.ts';
import { eachInSteps, type Steps } from '../../prometheus/steps.ts';
import { sweepSteps, type SweepOptions } from '../ledger/accounting/sweeps/readings.ts';
import type { KnownSeries } from '../ledger/accounting/sweeps/series.ts';
import { Refusals } from '../ledger/accounting/sweeps/refusals.ts';
import { LeaseLostError } from '../ledger/lease-lost.ts';
import type { Ledger, Reading, Refusal, Sweep } from '../ledger/ledger.ts';
import { countFold, type PortalMetrics } from '../metrics.ts';
import { isContentError } from './bad-content.ts';
import { setAside, type SetAsideLimits } from './set-aside.ts';
import { lacksStatement, withFacts, type Group, type WaitingRoom } from './waiting-room.ts';

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

/** Folds groups from a waiting room, each site by itself, and handles groups that cannot be folded. */
export class GroupFolder {
  readonly #parts: GroupFolderParts;

  constructor(parts: GroupFolderParts) {
    this.#parts = parts;
  }

  /**
   * Folds all groups. A failure at one site does not stop the others: its groups go back, and the first error is thrown
   * at the end.
   */
  async foldAll(room: WaitingRoom, ready: readonly Group[]): Promise<void> {
    const errors: unknown[] = [];
    for (const groups of inParts(ready)) {
      await this.#fold(room, groups).catch(async (error: unknown) => {
        errors.push(...(await this.#afterFailure(room, groups, error)));
      });
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
    const lasting = groups.filter(({ receivedMs }) => clock.nowMs() - receivedMs >= SET_ASIDE_AFTER_MS);
    room.putBack(groups.filter((group) => !lasting.includes(group)));
    const errors: unknown[] = lasting.length < groups.length ? [error] : [];
    for (const group of lasting) {
      try {
        await this.#fold(room, [group]).catch(async (reason: unknown) => {
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
    { site, requests, samples, ...group }: Group,
    reason: string,
  ): Promise<void> {
    const { database, clock, logger, metrics, limits } = this.#parts;
    const aside = { site, requests: [...requests], reason, nowMs: clock.nowMs() };
    const dropped = await setAside(database, aside, limits);
    room.dismiss([{ site, requests, samples, ...group }]);
    await this.#record(site, reason);
    metrics.setAsideSamples.inc({ site }, samples.length);
    logger.error(
      { site, samples: samples.length, reason, dropped },
      'written samples cannot be folded: they are set aside in remote_write.set_aside',
    );
  }

  /** Shows at the site that samples do not count. It does not matter if this record fails. */
  async #record(site: string, reason: string): Promise<void> {
    const { ledger, clock } = this.#parts;
    const shown = `the ledger could not fold the written samples: ${reason}`;
    await ledger.recordFailure(site, clock.nowMs(), shown).catch(() => undefined);
  }

  async #fold(room: WaitingRoom, groups: readonly Group[]): Promise<void> {
    const { ledger, clock, metrics, optionsOf } = this.#parts;
    const site = groups[0]?.site ?? '';
    const sweep = await inTurns(sweepOf(groups, clock.nowMs(), optionsOf(site)));
    const outcome = await ledger.foldInAnyOrder(site, sweep);
    countFold(metrics, site, outcome, [...sweep.refusals, ...(outcome.refusals ?? [])]);
    room.dismiss(groups);
  }
}

function* sweepOf(groups: readonly Group[], nowMs: number, options?: SweepOptions): Steps<Sweep> {
  const readings: Reading[] = [];
  const refusals: Refusal[] = [];
  const known: KnownSeries = new Map();
  for (const group of groups) {
    const sweep = yield* lacksStatement(group)
      ? refused(group)
      : sweepSteps(withFacts(group), nowMs, { ...options, known });
    for (const reading of sweep.readings) readings.push(reading);
    refusals.push(...sweep.refusals);
    yield;
  }
  return { receivedAtMs: nowMs, readings, refusals };
}

/** Refuses a group without its exporter's statement. Its usage is in the next totals that have one. */
function* refused({ samples, receivedMs: receivedAtMs }: Group): Steps<Sweep> {
  const refusals = new Refusals();
  yield* eachInSteps(samples, (sample) => refusals.add("without its exporter's statement", sample));
  return { receivedAtMs, readings: [], refusals: refusals.list() };
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
