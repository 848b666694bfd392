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
