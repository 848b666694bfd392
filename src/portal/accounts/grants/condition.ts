import { timeWords } from '../wording.ts';

/** The condition of a change: the versions that its author has seen, or that there is none yet. */
export interface Condition {
  /** `*` means any version that exists. */
  ifMatch?: '*' | readonly number[] | undefined;
  ifNoneMatch?: '*' | undefined;
}

/** The newest version of a name. */
interface NewestVersion {
  version: number;
  changedMs: number;
  author: string;
  removed: boolean;
}

/** The condition of a change does not hold, or there is none although the document exists. */
export class ConditionError extends Error {
  override readonly name = 'ConditionError';
  readonly kind: 'failed' | 'required' | 'absent';

  constructor(kind: ConditionError['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

/** Throws `ConditionError`, which says who changed the document when. `subject` is such as `grant 'climate'`. */
export function checkCondition(
  subject: string,
  newest: NewestVersion | undefined,
  { ifMatch, ifNoneMatch }: Condition,
): void {
  const exists = newest !== undefined && !newest.removed;
  if (ifNoneMatch === '*' && exists)
    throw new ConditionError('failed', `${subject} exists already: ${lastChange(newest)}`);
  if (ifMatch === undefined) {
    if (exists && ifNoneMatch === undefined)
      throw new ConditionError(
        'required',
        `${subject} exists: send If-Match with its ETag, so that no change of others is lost`,
      );
    return;
  }
  if (newest === undefined)
    throw new ConditionError('failed', `there is no ${subject}; send If-None-Match: * to create it`);
  if (!exists) throw new ConditionError('failed', `${subject} is gone: ${lastChange(newest)}`);
  if (ifMatch !== '*' && !ifMatch.includes(newest.version))
    throw new ConditionError(
      'failed',
      `${subject} has changed: ${lastChange(newest)}; read it again, and repeat your change`,
    );
}

function lastChange({ version, changedMs, author, removed }: NewestVersion): string {
  const words = removed ? 'removed' : `version ${version} was written`;
  return `${words} by ${author} at ${timeWords(Math.floor(changedMs / 1000) * 1000)}`;
}

/** Throws `ConditionError` if there is nothing to remove. */
export function requireThere(subject: string, newest: NewestVersion | undefined): void {
  if (newest === undefined || newest.removed) throw new ConditionError('absent', `there is no ${subject}`);
}
