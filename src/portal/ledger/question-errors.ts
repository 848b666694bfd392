import { MS_PER_HOUR } from '../../prometheus/usage-metrics.ts';
import { UserError } from '../../runtime/user-error.ts';

/** The ledger does not answer a question for what it costs; its message says what to ask instead. */
export class RefusedQuestionError extends UserError {
  /** It would cost too much, it took too long, or too many others are asked. */
  readonly kind: 'costly' | 'slow' | 'busy';

  constructor(kind: RefusedQuestionError['kind'], message: string, cause?: unknown) {
    super(message, { cause });
    this.kind = kind;
  }
}

/** The cursor of a query is not one that an earlier answer gave. */
export class CursorError extends UserError {
  constructor() {
    super('the cursor is not one that an earlier answer gave as "next"');
  }
}

/** An answer would need hours that are kept no longer: to leave them out would be to say that nothing was used. */
export class HoursGoneError extends UserError {
  constructor(keptFromHour: number) {
    const keptFrom = new Date(keptFromHour * MS_PER_HOUR).toISOString();
    super(
      `hours before ${keptFrom} are kept no longer; their days are: ask by day, month or total, from 00:00 to 00:00 UTC`,
    );
  }
}
