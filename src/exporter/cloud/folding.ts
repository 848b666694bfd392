import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import { foldWindow } from '../metering/fold.ts';
import type { MeterState, ServerLife } from '../metering/meter-state.ts';
import { inPart, type PoolValues } from '../metering/pool.ts';
import {
  askedEnd,
  clockSkew,
  nextWindow,
  reachedByBoth,
  reachedByNova,
  settledEnd,
  settledUntil,
  type ClockEvidence,
  type Window,
} from '../metering/window.ts';
import type { ServerUsage, UsageAnswer } from '../openstack/nova-usage.ts';
import type { StateDraft } from '../state/state-draft.ts';
import type { ExporterState } from '../state/state-format.ts';
import type { MeteredCloud } from './metered-cloud.ts';
import { completePoolValues, readPoolValues, type PoolSettings } from './pool-reading.ts';
import type { ServerGpus } from './server-gpus.ts';
import { countedFlavor, type ServerHistories } from './server-histories.ts';
import { serverLife } from './server-lives.ts';
import { withNames } from './shown-projects.ts';

export interface FoldingSettings extends PoolSettings {
  settlingDelayMs: number;
  /** The longest window of one request to Nova. */
  longestWindowMs: number;
}

export interface FoldingParts {
  settings: FoldingSettings;
  /** Undefined where GPUs are not metered. */
  gpus: ServerGpus | undefined;
  /** Undefined if server hours are not metered. */
  histories: ServerHistories | undefined;
  clock: Clock;
  logger: Logger;
  /** Receives how many servers were given up, after the state that says so is on disk. */
  onDropped(servers: number): void;
}

/**
 * Folds all usage up to now into the draft, window by window. Saves each window but the last, so that a broken catch-up
 * goes on from there.
 */
export async function foldUsage(
  cloud: MeteredCloud,
  evidence: ClockEvidence | undefined,
  draft: StateDraft,
  parts: FoldingParts,
): Promise<void> {
  const { settings, clock, logger } = parts;
  const { settlingDelayMs, pageSize } = settings;
  const targetMs = settledUntil(reachedByBoth(evidence, clock.nowMs()), settlingDelayMs);
  const source = { cloud, values: await readPoolValues(settings, cloud) };
  for (let latest = evidence; ;) {
    const window = nextWindow(draft.current().meter.untilMs, targetMs, settings.longestWindowMs);
    if (window === undefined) return;
    const askedEndMs = askedEnd(window.endMs, targetMs, reachedByNova(latest, clock.nowMs()));
    const answer = await cloud.readUsage({ startMs: window.startMs, endMs: askedEndMs, pageSize });
    latest = answer.timing;
    const asked = { windowEndMs: window.endMs, askedEndMs, settlingDelayMs };
    const endMs = settledEnd(asked, latest, answer.stopMs);
    if (endMs > window.startMs) await foldIn(answer, { ...window, endMs }, source, draft, parts);
    if (endMs < window.endMs) return; // Nova's clock is behind: there is no more usage for now
    if (endMs === targetMs) return;
    await draft.save();
    reportProgress(endMs, targetMs, logger);
  }
}

async function foldIn(
  { servers, timing }: UsageAnswer,
  { startMs, endMs }: Window,
  { cloud, values: known }: Source,
  draft: StateDraft,
  parts: FoldingParts,
): Promise<void> {
  const { settings, gpus, histories } = parts;
  const values = await completePoolValues(known, servers, settings, cloud, draft.current().meter);
  await gpus?.learn({ servers, startMs }, cloud);
  const before = draft.current();
  await histories?.learn(servers, before.meter, cloud);
  const lives = livesOf(servers, values, before, parts);
  const novaNowMs = timing.sentMs + clockSkew(timing);
  const metered = histories === undefined ? before.meter : withHours(before.meter);
  const { state: meter, dropped } = foldWindow(metered, { servers: lives, endMs, novaNowMs });
  const after = { ...before, meter, allProjects: before.allProjects || cloud.allProjects };
  draft.change(withNames(after, before, cloud.projects, settings.split), () => parts.onDropped(dropped));
}

/** Makes the servers one by one: they are many, and each is needed only for a moment. */
function* livesOf(
  usages: readonly ServerUsage[],
  values: PoolValues,
  { meter, flavorGpus }: ExporterState,
  { gpus, histories, settings: { split } }: FoldingParts,
): Generator<ServerLife> {
  const { servers } = meter;
  const known = gpus && { flavorGpus, servers, gpusOf: (usage: ServerUsage) => gpus.gpusOf(usage) };
  for (const usage of usages) {
    const life = serverLife(usage, known);
    const counted = histories?.withHistory(life, usage, meter) ?? withCountedFlavor(life, usage, meter);
    yield split === undefined ? counted : inPart(counted, split, values, servers);
  }
}

/** Server hours that were metered once go on, in states that are unknown. */
function withCountedFlavor(life: ServerLife, usage: ServerUsage, { hours, servers }: MeterState): ServerLife {
  const flavor = hours && countedFlavor(usage, servers.get(usage.id));
  return flavor === undefined ? life : { ...life, amounts: { ...life.amounts, flavor } };
}

/** Server hours begin with the first window that is folded with them. */
function withHours(meter: MeterState): MeterState {
  return meter.hours === undefined
    ? { ...meter, hours: { sinceMs: meter.untilMs, totals: new Map() } }
    : meter;
}

/** The cloud that usage is read from, and the part of the pool that each server belongs to. */
interface Source {
  cloud: MeteredCloud;
  values: PoolValues;
}

function reportProgress(untilMs: number, targetMs: number, logger: Logger): void {
  const until = new Date(untilMs).toISOString();
  logger.info({ until, target: new Date(targetMs).toISOString() }, 'catching up');
}
