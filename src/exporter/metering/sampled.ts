import { amountTimesMs } from './amounts.ts';

/**
 * The totals of resources without a history: volumes, floating IPs, stored objects. The holdings of a sample count from the
 * sample before, or from their creation.
 */
export interface SampledState {
  /** The time of the last sample. */
  untilMs: number;
  /** Amount × milliseconds, by resource and by project id. */
  totals: ReadonlyMap<string, ReadonlyMap<string, bigint>>;
}

/** An amount of a resource that a project has at the time of a sample. */
export interface Holding {
  /** As in `project_<resource>_usage`. */
  resource: string;
  projectId: string;
  amount: number;
  /** When the holding was created; undefined where that is unknown. */
  sinceMs: number | undefined;
}

/**
 * Adds the usage of the holdings since the last sample. The first sample adds nothing, because the time before it is unknown.
 * An instant that is not later than the last sample adds nothing.
 * @param resources appear in the totals even if no project has any.
 */
export function foldSample(
  before: SampledState | undefined,
  holdings: Iterable<Holding>,
  nowMs: number,
  resources: readonly string[] = [],
): SampledState {
  const untilMs = Math.max(before?.untilMs ?? nowMs, nowMs);
  const totals = new Map(resources.map((resource) => [resource, new Map<string, bigint>()]));
  for (const [resource, byProject] of before?.totals ?? []) totals.set(resource, new Map(byProject));
  for (const { resource, projectId, amount, sinceMs } of holdings) {
    const durationMs = untilMs - Math.max(before?.untilMs ?? untilMs, sinceMs ?? 0);
    const byProject = totals.get(resource) ?? new Map<string, bigint>();
    totals.set(resource, byProject);
    if (durationMs > 0)
      byProject.set(projectId, (byProject.get(projectId) ?? 0n) + amountTimesMs(amount, durationMs));
  }
  return { untilMs, totals };
}
