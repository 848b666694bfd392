import type { Belongings } from './belongings.ts';
import type { Flavor, ServerLife } from './server-life.ts';

export interface Domain {
  id: string;
  name: string;
}

export interface Project {
  id: string;
  name: string;
  domainId: string;
}

/**
 * A cloud with everything that was and will be in it. It does not change: what the cloud looks like at an instant is a
 * function of the model and that instant.
 */
export interface CloudModel {
  readonly domains: readonly Domain[];
  /** Ordered by id. */
  readonly projects: readonly Project[];
  readonly flavors: readonly Flavor[];
  /** Nova's cells, in the order in which it asks them; undefined where it has one. */
  readonly cells?: readonly string[] | undefined;
  /** Volumes, floating IPs and stored bytes that there are at any instant of [fromMs, toMs]. */
  belongings(fromMs: number, toMs: number): Belongings;
  /** Servers are archived at most so long after they were deleted; `Infinity` where some never are. */
  readonly keepsDeletedMs: number;
  /** Servers that live at any instant of [fromMs, toMs], in Nova's order: by project id, then by server id. */
  livesTouching(fromMs: number, toMs: number): readonly ServerLife[];
}

/** Nova's order of servers, which its pages follow. */
export function byProjectThenId(a: ServerLife, b: ServerLife): number {
  return compareText(a.projectId, b.projectId) || compareText(a.id, b.id);
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
