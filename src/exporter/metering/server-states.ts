import {
  changesState,
  latestEffectsMs,
  launchesByAction,
  stateBefore,
  stepsAfter,
  type ServerAction,
  type StateStep,
} from './server-actions.ts';
import { UNKNOWN_STATE, type StateChange } from './server-hours.ts';

/** A living server as Nova shows it. */
interface SeenServer {
  state: string;
  /** Whether an action is under way. */
  isBusy: boolean;
  /** When Nova last wrote anything of the server. */
  changedMs: number;
}

export interface StatesInput {
  /** The states are asked for from here on. */
  fromMs: number;
  /** The state at `fromMs`; undefined if it is not known. */
  before: string | undefined;
  launchesMs: readonly number[];
  endedMs: number | undefined;
  /** Undefined for a deleted server. */
  seen: SeenServer | undefined;
  /** The actions since `recordSince`, or more of them. Undefined if they could not be read, or are purged. */
  actions: readonly ServerAction[] | undefined;
}

/** Actions before this time cannot change the result, but Nova may write an action a little before its launch. */
const RECORD_MARGIN_MS = 60_000;

/**
 * The time from which on the record of actions has to be read to tell the states from `fromMs` on. Undefined for the
 * whole record, which is needed
 * - if the state at `fromMs` is not known,
 * - of a shelved server: Nova notes a later offload at the old action, and does not write that it changed the action,
 * - of a resized server: only the state before the resize tells the state after it is confirmed or reverted.
 */
export function recordSince(before: string | undefined, fromMs: number): number | undefined {
  const isWhole = before === undefined || before === 'shelved' || before === 'resized';
  return isWhole ? undefined : fromMs - RECORD_MARGIN_MS;
}

/**
 * The states of a server in order of time, the first at `fromMs` (rules S3 and S4). Transitions are placed by the record of the server's
 * actions. A stretch that the record does not tell, or that contradicts the present state, is unknown.
 */
export function statesOf(input: StatesInput): StateChange[] {
  const { fromMs, seen, actions = [] } = input;
  const recorded = replay(input, actions, actions.length);
  const isUnfinished = seen?.isBusy === true && !allows(recorded, seen.state);
  const steps = isUnfinished ? replay(input, actions, finished(actions)) : recorded;
  const changes = seen === undefined ? endedSteps(input, steps) : presentSteps(seen, input, steps);
  const first = changes.findLast(({ atMs }) => atMs <= fromMs)?.state;
  return [
    { atMs: fromMs, state: first ?? UNKNOWN_STATE },
    ...changes
      .filter(({ atMs }) => atMs > fromMs)
      .map(({ atMs, state = UNKNOWN_STATE }) => ({ atMs, state })),
  ];
}

/** The number of actions before the last one, which is under way. */
function finished(actions: readonly ServerAction[]): number {
  const last = actions.at(-1);
  return last !== undefined && changesState(last) ? actions.length - 1 : actions.length;
}

/** Whether the server may be in the state after the last step, if nothing followed that was not recorded. */
function allows(steps: readonly StateStep[], state: string): boolean {
  const last = steps.at(-1) as StateStep;
  if (last.state !== undefined) return last.state === state;
  return last.possible?.includes(state) ?? last.atMs > -Infinity;
}

/** The steps of the first actions. The state that is known at `fromMs` counts more than what earlier actions tell. */
function replay(
  { fromMs, before, launchesMs, endedMs }: StatesInput,
  actions: readonly ServerAction[],
  count: number,
): StateStep[] {
  const steps: StateStep[] = [{ atMs: -Infinity, state: undefined }];
  let beforeResize: string | undefined;
  let isPast = true;
  const insertKnown = () => {
    if (isPast && before !== undefined) steps.push({ atMs: fromMs, state: before });
    isPast = false;
  };
  const launchOf = launchesByAction(actions, launchesMs);
  const latestMs = latestEffectsMs(actions);
  for (const [index, action] of actions.slice(0, count).entries()) {
    const facts = { launchMs: launchOf(index), latestMs: latestMs[index] ?? Infinity, endedMs, beforeResize };
    const context = { ...facts, state: steps.at(-1)?.state };
    if (isPast && stepsAfter(action, context).some(({ atMs }) => atMs > fromMs)) insertKnown();
    settle(steps, stateBefore(action, steps.at(-1) as StateStep, { ...context, state: steps.at(-1)?.state }));
    const { state } = steps.at(-1) as StateStep;
    const next = stepsAfter(action, { ...context, state });
    if (next.some((step) => step.state === 'resized')) beforeResize = state;
    steps.push(...next);
  }
  insertKnown();
  return steps;
}

/** Notes that the last state was `required` just before the next action. If it was another, nobody knows since when. */
function settle(steps: StateStep[], required: string | undefined): void {
  const last = steps.at(-1) as StateStep;
  if (required === undefined || last.state === required) return;
  const state = allows(steps, required) ? required : undefined;
  steps[steps.length - 1] = { atMs: last.atMs, state, possible: [] };
}

/**
 * The present state holds at least since Nova last wrote anything of the server, even if Nova noted the end of the action
 * later.
 */
function presentSteps(
  { state, changedMs }: SeenServer,
  { fromMs, actions }: StatesInput,
  steps: readonly StateStep[],
): StateStep[] {
  const last = steps.at(-1) as StateStep;
  if (actions === undefined && changedMs > fromMs) return [{ atMs: changedMs, state }];
  if (allows(steps, state)) {
    const earliestMs = Math.max(steps.at(-2)?.atMs ?? -Infinity, lastStartMs(actions));
    const atMs = changedMs < earliestMs ? last.atMs : Math.min(last.atMs, changedMs);
    return [...steps.slice(0, -1), { atMs, state }];
  }
  const unknown = { atMs: last.atMs, state: undefined };
  return [...steps.slice(0, -1), unknown, { atMs: Math.max(changedMs, last.atMs), state }];
}

/** When the last action started: an action that started after Nova last wrote of the server tells of a later time. */
function lastStartMs(actions: readonly ServerAction[] | undefined): number {
  return actions?.at(-1)?.startMs ?? -Infinity;
}

/** A server without a compute host, such as one that is offloaded, is deleted without an action. */
function endedSteps({ actions }: StatesInput, steps: readonly StateStep[]): StateStep[] {
  if (actions === undefined) return [];
  const last = steps.at(-1) as StateStep;
  const deletion = actions.findLast(({ name }) => name === 'delete');
  if (last.state !== undefined || last.possible?.includes('shelved_offloaded') !== true) return [...steps];
  const state = deletion === undefined ? 'shelved_offloaded' : 'shelved';
  return [...steps.slice(0, -1), { atMs: last.atMs, state }];
}
