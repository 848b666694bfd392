import { ExpositionError } from '../../prometheus/text-format/text-format-parser.ts';
import { codeOf, describeError } from '../../runtime/user-error.ts';

/** A sweep failed because of the site. The message is the reason, in one line. */
export class SweepFailure extends Error {
  override readonly name = 'SweepFailure';
  /** The pause that the site asked for (Retry-After). */
  readonly retryAfterMs: number | undefined;

  constructor(reason: string, options: { cause?: unknown; retryAfterMs?: number | undefined } = {}) {
    super(reason, 'cause' in options ? { cause: options.cause } : {});
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** The reason of a failure from the status of the gate's answer. `said` is the first line of its body. */
export function reasonOfStatus(status: number, said: string): string {
  const quoted = said === '' ? '' : `: ${said}`;
  if (status === 401) return 'the gate refuses the token (401): renew it on both sides';
  if (status === 403) return `the gate denies the request (403)${quoted}`;
  if (status === 404) return 'the gate has no /federate at this url (404): check the url';
  if (status === 429) return 'the gate asks to be read less often (429)';
  if (status >= 300 && status < 400)
    return `the gate answers with a redirect (${status}), which is not followed`;
  return `the gate answers ${status}${quoted}`;
}

/** Turns any error of a sweep into the failure to record, for a gate at `host`. */
export function toSweepFailure(error: unknown, host: string, timeoutMs: number): SweepFailure {
  if (error instanceof SweepFailure) return error;
  if (error instanceof ExpositionError)
    return new SweepFailure(`the answer is not in the text format: ${printable(error.message)}`, {
      cause: error,
    });
  const code = rootCode(error);
  return new SweepFailure(
    reasonOfCode(code, host, timeoutMs) ??
      `no answer could be read from ${host}: ${printable(describeError(error))}`,
    { cause: error },
  );
}

function reasonOfCode(code: string | undefined, host: string, timeoutMs: number): string | undefined {
  if (code === undefined) return undefined;
  switch (code) {
    case 'ENOTFOUND':
      return `DNS does not know the host of ${host}`;
    case 'EAI_AGAIN':
      return `DNS does not answer for ${host}`;
    case 'ECONNREFUSED':
      return `nothing listens on ${host}`;
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `there is no route to ${host}`;
    case 'ETIMEDOUT':
    case 'UND_ERR_CONNECT_TIMEOUT':
      return `${host} does not accept the connection in time`;
    case 'TimeoutError':
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
      return `no complete answer within ${timeoutMs / 1000} s`;
    case 'ECONNRESET':
    case 'EPIPE':
    case 'UND_ERR_SOCKET':
    case 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH':
    case 'ERR_STREAM_PREMATURE_CLOSE':
      return 'the connection broke off before the answer was complete';
    case 'Z_BUF_ERROR':
      return 'the compressed answer broke off before it was complete';
    case 'Z_DATA_ERROR':
      return 'the compressed answer is damaged';
    default:
      return reasonOfTlsCode(code, host);
  }
}

/** The reason for a code of OpenSSL's verification or of Node's host name check. */
function reasonOfTlsCode(code: string, host: string): string | undefined {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return `TLS: the certificate is not for ${host}`;
  if (code === 'CERT_HAS_EXPIRED') return `TLS: the certificate of ${host} has expired`;
  if (code === 'CERT_NOT_YET_VALID') return `TLS: the certificate of ${host} is not valid yet`;
  if (/SELF_SIGNED|UNABLE_TO_(VERIFY|GET)|CERT_UNTRUSTED/.test(code))
    return `TLS: the certificate of ${host} has no trusted issuer; set ca_file to the certificate of its issuer`;
  if (/^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG)$/.test(code))
    return `TLS: ${host} does not speak TLS`;
  return undefined;
}

/** The code of an error or of its first cause with a code. For a timeout, which has no code, its name. */
function rootCode(error: unknown): string | undefined {
  for (let current = error, depth = 0; current instanceof Error && depth < 5; depth++) {
    const found = codeOf(current) ?? (current.name === 'TimeoutError' ? current.name : undefined);
    if (found !== undefined) return found;
    current = current instanceof AggregateError ? current.errors[0] : current.cause;
  }
  return undefined;
}

/** The first line of a site's text, for a log: printable, at most 160 characters. */
export function printable(text: string): string {
  const line = text.trimStart().split('\n', 1)[0] ?? '';
  return line
    .replaceAll(/[^\x20-\x7e\u00a0-\u{d7ff}]/gu, '?')
    .slice(0, 160)
    .trim();
}
