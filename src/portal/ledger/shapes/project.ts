import type { Names } from '../names.ts';
import type { ScopedQuestion } from './question.ts';

export interface Project {
  site: string;
  cloud: string;
  projectId: string;
  projectName: string;
  domainId: string;
  domainName: string;
  firstReadingMs: number;
  lastReadingMs: number;
  /** All names over time, the first ones first, if the question asks for them. */
  names?: NameTime[];
}

/** The names of a project from one reading to another. */
export interface NameTime {
  projectName: string;
  domainName: string;
  fromMs: number;
  /** Undefined for the latest names. */
  toMs: number | undefined;
}

export interface ProjectQuery extends ScopedQuestion {
  site?: string | undefined;
  /** Only projects that these grants have at some time. */
  grant?: Names | undefined;
  /** Part of a name or id, in upper or lower case. */
  search?: string | undefined;
  /** Adds the names of each project over time. */
  history?: boolean | undefined;
  /** Only projects that had other names before, at sites that one sees as a whole. */
  renamed?: boolean | undefined;
  limit: number;
  cursor?: string | undefined;
}
