import { TransientError } from '../../../runtime/retry.ts';
import { describeError, UserError } from '../../../runtime/user-error.ts';

/** An OpenStack service failed or gave a wrong answer. The message has the service's name. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
}

/** A service did not answer, broke off, or answered 429 or 5xx. Another attempt may succeed. */
export class ServiceUnavailable extends TransientError {
  override readonly name = 'ServiceUnavailable';
}

/** The cloud has no such service, or the service has no such object. */
export class ServiceMissing extends UserError {}

/** A service answered 404, or 410 for a deleted object. */
export class NotFound extends ServiceMissing {}

/** The user's role may not read this, or not for all projects. */
export class ServiceForbidden extends UserError {}

/**
 * Why a resource could not be read. `missing` and `forbidden` last until somebody changes the cloud, `failing` may
 * pass.
 */
export type ReadFailure = 'missing' | 'forbidden' | 'failing';

/** The failure and its reason, for a caller that continues without the resource. */
export function readFailure(error: unknown): { failure: ReadFailure; reason: string } {
  const reason = describeError(error);
  if (error instanceof ServiceMissing) return { failure: 'missing', reason };
  return { failure: error instanceof ServiceForbidden ? 'forbidden' : 'failing', reason };
}

/** The error for a failed answer that is not worth another attempt. `body` is the parsed body. */
export function answerError(service: string, what: string, status: number, body: unknown): Error {
  const said = faultMessage(body);
  const answer = `${service} answers ${status} to ${what}${said === undefined ? '' : `: ${said}`}`;
  switch (status) {
    case 401:
      return new UserError(`${answer}; the token is refused, although it is new`);
    case 403:
      return new ServiceForbidden(`${answer}; give the user of the exporter a role that may read this`);
    case 404:
    case 410:
      return new NotFound(answer);
    case 406:
      return new UserError(
        `${answer}; usage needs Nova of release Newton or newer, flavors Rocky, servers Stein`,
      );
    default:
      return new ServiceError(answer);
  }
}

/** The message in an error body. Its only member is named after the kind of error. */
export function faultMessage(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const fault: unknown = Object.values(body)[0];
  const message = (fault as { message?: unknown } | null)?.message;
  if (typeof message !== 'string') return undefined;
  return message
    .replaceAll(/\s+/g, ' ')
    .replace(/\.? *$/, '')
    .slice(0, 300);
}
