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

/** What changes within a day, so that an answer needs the hours of that day. */
interface ChangeWithinDay {
  /** Such as `a project joins or leaves a grant`. */
  what: string;
  hour: number;
  /** The grant without which the question could be answered. */
  grant?: string | undefined;
}

/** An answer would need hours that were dropped. Without them it would wrongly say that nothing was used. */
export class HoursGoneError extends UserError {
  readonly keptFromHour: number;
  readonly grant: string | undefined;

  constructor(keptFromHour: number, change?: ChangeWithinDay) {
    const gone = `hours before ${instant(keptFromHour)} are no longer kept, only their days`;
    super(
      change === undefined
        ? `${gone}: ask by day, month or total, from 00:00 to 00:00 UTC`
        : `${gone}, and ${change.what} at ${instant(change.hour)}: ask for a time without that day, or move this instant to 00:00 UTC`,
    );
    this.keptFromHour = keptFromHour;
    this.grant = change?.grant;
  }
}

function instant(hour: number): string {
  return new Date(hour * MS_PER_HOUR).toISOString();
}
