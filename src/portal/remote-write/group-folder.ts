import type { Queryable } from '../database/sql.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import { inTurns } from '../../runtime/in-turns.ts';
import { describeError } from '../../runtime/user-error.ts';
import { eachInSteps, type Steps } from '../../prometheus/steps.ts';
import { sweepSteps, type SweepOptions } from '../ledger/accounting/sweeps/readings.ts';
import { Refusals } from '../ledger/accounting/sweeps/refusals.ts';
import { LeaseLostError } from '../ledger/lease-lost.ts';
import type { Ledger, Reading, Refusal, Sweep } from '../ledger/ledger.ts';
import { countFold, type PortalMetrics } from '../metrics.ts';
import { isOfContent } from './bad-content.ts';
import { setAside, type SetAsideLimits } from './set-aside.ts';
import { lacksStatement, withFacts, type Group, type WaitingRoom } from './waiting-room.ts';

export interface GroupFolderParts {
  database: Queryable;
  ledger: Pick<Ledger, 'foldInAnyOrder' | 'recordFailure'>;
  clock: Clock;
  logger: Logger;
  metrics: PortalMetrics;
  limits: SetAsideLimits;
  /** How what comes of a site is read; as usual where it is undefined. */
  optionsOf: (site: string) => SweepOptions | undefined;
}

/** What is bad by its content for so long stays so, and would fill the inbox. */
const SET_ASIDE_AFTER_MS = 3_600_000;
const SAMPLES_PER_FOLD = 200_000;

/** Folds what a waiting room gives out, each site by itself, and sees to what can't be folded. */
export class GroupFolder {
  readonly #parts: GroupFolderParts;

  constructor(parts: GroupFolderParts) {
    this.#parts = parts;
  }

  /** One site's trouble is not another's: what can't be folded is put back, and the first error thrown at the end. */
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
   * What has failed for long by its content is tried one by one, so that what can be folded is; the rest is put back. Whatever
   * else it failed by (a database that comes and goes, another portal that has taken over), nothing is wrong with it.
   */
  async #afterFailure(room: WaitingRoom, groups: readonly Group[], error: unknown): Promise<unknown[]> {
    const { clock, metrics } = this.#parts;
    if (!(error instanceof LeaseLostError))
      metrics.sweeps.inc({ site: groups[0]?.site ?? '', result: 'ledger_failure' });
    if (!isOfContent(error)) {
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
          if (!isOfContent(reason)) throw reason;
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
   * The ledger will not take it, and must not hold up what comes later; totals go on, so that usage is spread. Throws where
   * the database does not answer.
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
      'what was written cannot be folded: it is set aside in remote_write.set_aside',
    );
  }

  /** Shows at the site what is not counted of it; whether that can be written down changes nothing. */
  async #record(site: string, reason: string): Promise<void> {
    const { ledger, clock } = this.#parts;
    const shown = `the ledger did not take what was written: ${reason}`;
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
  for (const group of groups) {
    const sweep = yield* lacksStatement(group)
      ? refused(group)
      : sweepSteps(withFacts(group), nowMs, options);
    for (const reading of sweep.readings) readings.push(reading);
    refusals.push(...sweep.refusals);
    yield;
  }
  return { receivedAtMs: nowMs, readings, refusals };
}

/** The next totals say what these said, as soon as it is known what they are. */
function* refused({ samples, receivedMs: receivedAtMs }: Group): Steps<Sweep> {
  const refusals = new Refusals();
  yield* eachInSteps(samples, (sample) => refusals.add('without what its exporter states', sample));
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
