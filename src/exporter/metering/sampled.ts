import { amountTimesMs } from './amounts.ts';

/**
 * The totals of what a service shows as it is now, without history: volumes, floating IPs, stored objects. What is
 * there at a sample counts since the one before, or since it was made.
 */
export interface SampledState {
  /** The last sample. */
  untilMs: number;
  /** Amount × milliseconds by project id, by resource. */
  totals: ReadonlyMap<string, ReadonlyMap<string, bigint>>;
}

/** Something that a project has at the time of a sample. */
export interface Holding {
  /** As in `project_<resource>_usage`. */
  resource: string;
  projectId: string;
  amount: number;
  /** When it was made; undefined where that is not known. */
  sinceMs: number | undefined;
}

/**
 * Adds what the holdings used since the last sample. The first sample counts nothing: of the time before it nothing is
 * known. An instant that is not later adds nothing.
 * @param resources are there even when nobody has any.
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
