import type { Session } from './session/session.ts';

/**
 * A service that shows what projects have now, and nothing of the past. Each is declared in its own file, and listed in
 * sampled-services.ts.
 */
export interface SampledService {
  /** What `--resources` calls it; usage travels as `project_<resource>_usage`. */
  resource: string;
  /** What a role must allow, as in "can read <right>". */
  right: string;
  /** All that the projects have now, complete or an error. */
  read(session: Session, scope: SampleScope): Promise<SampledAmount[]>;
}

interface SampleScope {
  /** False: only what the token's own project has. */
  allProjects: boolean;
  /** The projects to ask for, where a service is asked for each of them. */
  projectIds: () => Promise<readonly string[]>;
}

/** Something that a project has at the time of a sample. */
interface SampledAmount {
  /** The service's resource, or one beside it. */
  resource: string;
  projectId: string;
  amount: number;
  /** When it was made, Unix milliseconds; undefined where that is not known. */
  sinceMs: number | undefined;
}
