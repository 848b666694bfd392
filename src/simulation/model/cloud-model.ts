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
 * A cloud with its whole past and future. The model does not change: the cloud's state at an instant depends only on the
 * model and the instant.
 */
export interface CloudModel {
  readonly domains: readonly Domain[];
  /** Ordered by id. */
  readonly projects: readonly Project[];
  readonly flavors: readonly Flavor[];
  /** Nova's cells in the order of its queries; undefined if there is only one. */
  readonly cells?: readonly string[] | undefined;
  /** Volumes, floating IPs and stored bytes that exist at some instant of [fromMs, toMs]. */
  belongings(fromMs: number, toMs: number): Belongings;
  /** The longest time from a server's deletion to its archiving; `Infinity` if some are never archived. */
  readonly keepsDeletedMs: number;
  /** Servers that live at some instant of [fromMs, toMs], in Nova's order: by project id, then by server id. */
  livesTouching(fromMs: number, toMs: number): readonly ServerLife[];
}

/** Nova's order of servers in pages. */
export function byProjectThenId(a: ServerLife, b: ServerLife): number {
  return compareText(a.projectId, b.projectId) || compareText(a.id, b.id);
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
