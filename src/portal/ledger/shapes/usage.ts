import type { Names } from '../names.ts';
import type { PartOfServerKind } from '../server-kind.ts';
import type { Coverage } from './coverage.ts';
import type { Project } from './project.ts';
import type { PeriodQuestion, UsageStep } from './question.ts';

export type UsageDimension =
  'grant' | 'site' | 'cloud' | 'domain' | 'project' | 'resource' | 'flavor' | 'state';

export interface UsageQuery extends PeriodQuestion {
  step: UsageStep;
  by: ReadonlySet<UsageDimension>;
  resource?: Names | undefined;
  flavor?: Names | undefined;
  state?: Names | undefined;
}

/** Dimensions that the query does not separate are undefined. */
export interface StepUsage extends PartOfServerKind {
  /** The grant or its group; null for usage that no grant covers, or that of the group ''. */
  grant?: string | null | undefined;
  site?: string | undefined;
  /** '' if the site has one cloud. */
  cloud?: string | undefined;
  /** The domain of the projects, under its latest name. */
  domainId?: string | undefined;
  domainName?: string | undefined;
  projectId?: string | undefined;
  projectName?: string | undefined;
  resource?: string | undefined;
  startMs: number;
  /** Amount × milliseconds, exact; then amount × hours. */
  amountMs: bigint;
  amount: number;
  unit: string;
  coverage: Coverage;
}

/** A question about the usage of all projects that one sees. */
export type ProjectUsageQuery = Pick<UsageQuery, 'scope' | 'grants' | 'fromMs' | 'toMs' | 'site'>;

/** A project with its usage of a time. It is one for each cloud. */
export interface ProjectUsage extends Omit<Project, 'firstReadingMs' | 'lastReadingMs' | 'names'> {
  usages: ResourceUsage[];
}

/** The usage of one resource. */
type ResourceUsage = Pick<StepUsage, 'amountMs' | 'coverage'> & { resource: string };

/** Each page of usage is summed by itself, so the totals of 10,000 projects fit on one. */
export const MAX_USAGE_PAGE = 50_000;
