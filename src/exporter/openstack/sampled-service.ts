import type { Session } from './session/session.ts';

/**
 * A service that shows what projects have now, but nothing of the past. Each service has its own file, and a line in
 * sampled-services.ts.
 */
export interface SampledService {
  /** The name in `--resources`. The metric is `project_<resource>_usage`. */
  resource: string;
  /** The right that a role needs, as in "can read <right>". */
  right: string;
  /** All present amounts of the projects. Throws if the answer is incomplete. */
  read(session: Session, scope: SampleScope): Promise<SampledAmount[]>;
}

interface SampleScope {
  /** True for all projects, false for the token's own project only. */
  allProjects: boolean;
  /** The project ids, for a service that is asked once for each project. */
  projectIds: () => Promise<readonly string[]>;
}

/** An amount that a project has at the time of a sample. */
interface SampledAmount {
  /** The service's resource, or a further one, such as volumes of one type. */
  resource: string;
  projectId: string;
  amount: number;
  /** Unix milliseconds of the creation; undefined if that is unknown. */
  sinceMs: number | undefined;
}
