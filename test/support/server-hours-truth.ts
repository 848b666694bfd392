import type { CloudModel } from '../../src/simulation/model/cloud-model.ts';
import { endOf, type Flavor } from '../../src/simulation/model/server-life.ts';

/** How long servers of one flavor of one project were in one state. */
export interface StateTruth {
  projectId: string;
  flavor: Flavor;
  state: string;
  durationMs: bigint;
}

/** Server time in [fromMs, toMs) by project, flavor and state: what a perfect meter shows. */
export function serverHoursTruth(
  model: Pick<CloudModel, 'livesTouching'>,
  fromMs: number,
  toMs: number,
): StateTruth[] {
  const truth = new Map<string, StateTruth>();
  for (const life of model.livesTouching(fromMs, toMs)) {
    const { launches, states = [], projectId } = life;
    const stopMs = Math.min(endOf(life), toMs);
    const startMs = Math.max(launches[0].atMs, fromMs);
    const instants = [...launches, ...states]
      .map(({ atMs }) => atMs)
      .filter((at) => at > startMs && at < stopMs);
    const cuts = [startMs, ...instants.sort((a, b) => a - b), stopMs];
    for (const [index, atMs] of cuts.entries()) {
      const durationMs = (cuts[index + 1] ?? atMs) - atMs;
      if (durationMs <= 0) continue;
      const { flavor } = launches.findLast((launch) => launch.atMs <= atMs) ?? launches[0];
      const state = states.findLast((change) => change.atMs <= atMs)?.state ?? 'active';
      const key = JSON.stringify([projectId, flavor, state]);
      const before = truth.get(key)?.durationMs ?? 0n;
      truth.set(key, { projectId, flavor, state, durationMs: before + BigInt(durationMs) });
    }
  }
  return [...truth.values()];
}
