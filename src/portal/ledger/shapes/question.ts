import type { Scope } from '../../access/rights/scope.ts';
import type { Names } from '../names.ts';
import type { Zone } from '../zone.ts';

/** Projects of several sites or clouds that the portal counts as one. */
export interface Grant {
  name: string;
  /**
   * A question by grant adds up the grants of a group, such as those of an account, under the name of the group. '' stands for
   * the usage that no grant covers. Undefined means the name of the grant.
   */
  group?: string | undefined;
  projects: readonly GrantProject[];
}

export interface GrantProject {
  site: string;
  projectId: string;
  /** Undefined means every cloud of the site. */
  cloud?: string | undefined;
  /** When the project's usage counts for the grant: whole hours, Unix milliseconds; undefined means no limit. */
  fromMs?: number | undefined;
  /** Exclusive. */
  toMs?: number | undefined;
}

/** What somebody may ask about (P2). What lies outside does not exist for the answer. */
export interface ScopedQuestion {
  scope: Scope;
  /**
   * The present grants that the scope or the question names, and all of them for a question by grant. No project is in two
   * grants at one instant. A grant of the scope that is not here has no projects.
   */
  grants?: readonly Grant[] | undefined;
}

export type UsageStep = 'hour' | 'day' | 'month' | 'quarter' | 'year' | 'total';

/** A question about a time, and perhaps about some sites, projects or grants only. */
export interface PeriodQuestion extends ScopedQuestion {
  /** Whole hours, Unix milliseconds, UTC; `toMs` is exclusive. */
  fromMs: number;
  toMs: number;
  /** The zone, of whole hours, at whose midnight days and longer steps begin. Undefined means UTC. */
  zone?: Zone | undefined;
  site?: Names | undefined;
  projectId?: Names | undefined;
  /** Only these grants: their projects, each while it is in the grant. */
  grant?: Names | undefined;
  limit: number;
  cursor?: string | undefined;
}

/** The largest number of rows on a page. Each page of usage is summed by itself, so the totals of 10,000 projects fit on one. */
export const MAX_PAGE = 10_000;

export interface Page<T> {
  data: T[];
  next: string | null;
}
