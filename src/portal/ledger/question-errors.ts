import { MS_PER_HOUR } from '../../prometheus/usage-metrics.ts';
import { UserError } from '../../runtime/user-error.ts';

/** The ledger refuses a question because of its cost. The message says what to ask instead. */
export class RefusedQuestionError extends UserError {
  /**
   * The question would cost too much, took too long, came while too many others were running, or needs a database node that
   * is down.
   */
  readonly kind: 'costly' | 'slow' | 'busy' | 'unavailable';

  constructor(kind: RefusedQuestionError['kind'], message: string, cause?: unknown) {
    super(message, { cause });
    this.kind = kind;
  }
}

/** The cursor of a query does not come from an earlier answer. */
export class CursorError extends UserError {
  constructor() {
    super('the cursor is not one that an earlier answer gave as "next"');
  }
}

/** An answer would need hours that were dropped. Without them it would wrongly say that nothing was used. */
export class HoursGoneError extends UserError {
  /** The grant without which the question could be answered, if a project of it comes or goes within a day. */
  readonly grant: string | undefined;

  /**
   * `boundary` is the hour within a day at which a project joins or leaves a grant, if the answer needs hours for it. The grant
   * is '' for an answer that does not name grants.
   */
  constructor(keptFromHour: number, boundary?: { grant: string; hour: number }) {
    const gone = `hours before ${instant(keptFromHour)} are no longer kept, only their days`;
    super(
      boundary === undefined
        ? `${gone}: ask by day, month or total, from 00:00 to 00:00 UTC`
        : `${gone}, and a project joins or leaves ${boundary.grant === '' ? 'a grant' : `the grant '${boundary.grant}'`} at ${instant(boundary.hour)}: ` +
            'ask for a time without that day, or move this instant to 00:00 UTC',
    );
    this.grant = boundary?.grant || undefined;
  }
}

function instant(hour: number): string {
  return new Date(hour * MS_PER_HOUR).toISOString();
}
