import type { Amounts } from './amounts.ts';
import type { Launch } from './meter-state.ts';
import {
  changesState,
  effectMs,
  hasFailed,
  isLaunch,
  latestEffectsMs,
  launchesByAction,
  type ServerAction,
} from './server-actions.ts';

/** A stretch of a server's life with one flavor. Equal numbers stand for the same flavor. */
interface Stretch {
  atMs: number;
  flavor: number;
}

export interface LaunchesInput {
  actions: readonly ServerAction[];
  /** The last launch that is known from before, if any. */
  known: Launch | undefined;
  /** The launch that Nova shows now. */
  last: Launch;
}

/**
 * The launches before the last one that Nova has forgotten, in order of time. A server may be launched several times
 * between two refreshes, and Nova shows only the last launch. A stretch whose flavor nobody can know counts with the
 * flavor before it; without one it is left out.
 */
export function forgottenLaunches({ actions, known, last }: LaunchesInput): Launch[] {
  const sinceMs = known?.atMs ?? -Infinity;
  const stretches = stretchesOf(actions, [...(known ? [known.atMs] : []), last.atMs], sinceMs);
  const amounts = new Map<number, Amounts>();
  if (known !== undefined) amounts.set(0, known.amounts);
  const present = stretches.findLast(({ atMs }) => atMs <= last.atMs);
  if (present !== undefined) amounts.set(present.flavor, last.amounts);
  const launches: Launch[] = [];
  for (const { atMs, flavor } of stretches) {
    const told = amounts.get(flavor);
    if (told !== undefined && atMs > sinceMs && atMs < last.atMs) launches.push({ atMs, amounts: told });
  }
  return launches;
}

/** A resize brings a flavor that is new, and a revert brings back the one before it. */
function stretchesOf(
  actions: readonly ServerAction[],
  launchesMs: readonly number[],
  sinceMs: number,
): Stretch[] {
  const stretches: Stretch[] = [];
  let [flavor, before, latest] = [0, 0, 0];
  const launchOf = launchesByAction(actions, launchesMs);
  const latestMs = latestEffectsMs(actions);
  for (const [index, action] of actions.entries()) {
    const launchMs = launchOf(index);
    const atMs = effectMs(action, { launchMs, latestMs: latestMs[index] ?? Infinity });
    if (!isLaunch(action) || !changesState(action) || hasFailed(action, launchMs) || atMs <= sinceMs)
      continue;
    if (action.name === 'resize') {
      before = flavor;
      latest += 1;
      flavor = latest;
    }
    if (action.name === 'revertResize') flavor = before;
    stretches.push({ atMs, flavor });
  }
  return stretches;
}
