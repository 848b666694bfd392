import type { Readable } from 'node:stream';
import { parseRetryAfter, retryTransient } from '../../../runtime/retry.ts';
import type { Clock } from '../../../runtime/clock.ts';
import { codeOf, describeError, UserError } from '../../../runtime/user-error.ts';
import { TimeLimit } from '../../../runtime/time-limit.ts';
import { nextAddress, REDIRECTS } from './redirects.ts';
import { ServiceError, ServiceUnavailable } from './service-error.ts';

export interface HttpRequest {
  /** The service's name for messages and metrics: `Keystone`, `Nova`. */
  service: string;
  method: 'GET' | 'HEAD' | 'POST';
  url: URL;
  headers?: Record<string, string>;
  body?: unknown;
  /** Only the headers are wanted: any body will do. */
  onlyHeaders?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

export interface HttpAnswer {
  status: number;
  headers: Record<string, string | undefined>;
  /** The body as JSON; undefined if there is none. */
  body: unknown;
  timing: AnswerTiming;
}

/** When a request was sent and its headers came, by this machine's clock, and the date of the server. */
export interface AnswerTiming {
  sentMs: number;
  receivedMs: number;
  /** The `Date` header, in whole seconds; undefined if there is none. */
  dateMs: number | undefined;
}

export interface RequestObservation {
  service: string;
  durationMs: number;
  failed: boolean;
}

/** A request as it is sent. The signal ends it, and the reading of its answer. */
export interface OutgoingRequest {
  method: HttpRequest['method'];
  url: URL;
  headers: Record<string, string>;
  body: string | undefined;
  signal: AbortSignal;
}

/** The head of an answer, and its body, which is still to be read. */
export interface IncomingAnswer {
  statusCode: number;
  headers: Record<string, string | string[] | undefined>;
  body: Readable;
}

export interface HttpOptions {
  clock: Clock;
  connections: { send(asked: OutgoingRequest): Promise<IncomingAnswer> };
  /** The time of one attempt, from the connection to the last byte. */
  timeoutMs: number;
  maxBodyBytes: number;
  /** Further attempts after a failure that may pass. */
  retries: number;
  firstRetryDelayMs: number;
  observe?: (observation: RequestObservation) => void;
}

export type Http = (asked: HttpRequest) => Promise<HttpAnswer>;

/**
 * JSON over HTTP with limits on time, size and attempts. Returns answers of any status but 429 and 5xx. Those statuses and
 * broken connections are tried again; after the last attempt `ServiceUnavailable` is thrown. Throws `ServiceError` for a body
 * that is not JSON.
 */
export function httpClient(options: HttpOptions): Http {
  return async (asked) =>
    await retryTransient(async () => await observed(asked, options), {
      retries: options.retries,
      firstDelayMs: options.firstRetryDelayMs,
      longestDelayMs: 30_000,
      clock: options.clock,
      signal: asked.signal,
    });
}

async function observed(asked: HttpRequest, options: HttpOptions): Promise<HttpAnswer> {
  const startedMs = options.clock.nowMs();
  let failed = true;
  try {
    const answer = await attempt(asked, options);
    failed = answer.status >= 400;
    return answer;
  } finally {
    const durationMs = Math.max(0, options.clock.nowMs() - startedMs);
    options.observe?.({ service: asked.service, durationMs, failed });
  }
}

async function attempt(asked: HttpRequest, options: HttpOptions): Promise<HttpAnswer> {
  const sentMs = options.clock.nowMs();
  const { status, headers, text, receivedMs } = await exchange(asked, options);
  const timing = { sentMs, receivedMs, dateMs: parseDate(headers['date']) };
  if (status === 429 || status >= 500) throw unavailable(asked, status, headers['retry-after'], receivedMs);
  return { status, headers, body: parseBody(asked, status, text), timing };
}

interface Exchange {
  status: number;
  headers: Record<string, string | undefined>;
  text: string;
  receivedMs: number;
}

async function exchange(asked: HttpRequest, options: HttpOptions): Promise<Exchange> {
  const limit = new TimeLimit(options.timeoutMs, asked.signal);
  try {
    const { signal } = limit;
    const response = await followed(asked, { ...options, signal });
    const receivedMs = options.clock.nowMs();
    const text = await readText(asked, response.body, options.maxBodyBytes);
    return { status: response.statusCode, headers: singleHeaders(response.headers), text, receivedMs };
  } catch (error) {
    if (error instanceof ServiceError || error instanceof UserError || asked.signal?.aborted) throw error;
    if (UNTRUSTED.has(codeOf(error) ?? '')) throw untrusted(asked, error);
    const reason = limit.signal.aborted
      ? `no complete answer within ${options.timeoutMs / 1000} s`
      : describeError(error);
    throw new ServiceUnavailable(
      `${asked.service} at ${asked.url.origin}${asked.url.pathname} does not answer: ${reason}`,
      {
        cause: error,
      },
    );
  } finally {
    limit.end();
  }
}

/** Follows redirects as keystoneauth does: with the same method, headers and body. */
async function followed(
  asked: HttpRequest,
  { connections, signal }: HttpOptions & { signal: AbortSignal },
): Promise<IncomingAnswer> {
  const { service, method } = asked;
  const body = asked.body === undefined ? undefined : JSON.stringify(asked.body);
  const headers = requestHeaders(asked);
  let url = asked.url;
  for (let redirects = 0; ; redirects += 1) {
    const answer = await connections.send({ method, url, headers, body, signal });
    if (!REDIRECTS.has(answer.statusCode)) return answer;
    answer.body.resume(); // a connection serves again when its answer is read
    const from = { service, from: url, status: answer.statusCode, redirects };
    url = nextAddress(from, answer.headers['location']);
  }
}

/** OpenSSL's codes for a certificate of an unknown authority. */
const UNTRUSTED = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** The error for an untrusted certificate. Another attempt would not help. */
function untrusted({ service, url }: HttpRequest, cause: unknown): UserError {
  return new UserError(
    `${service} at ${url.origin}${url.pathname} is not trusted: ${describeError(cause)}; name the file of its authority's certificate with OS_CACERT, or cacert in clouds.yaml`,
    { cause },
  );
}

function requestHeaders({ headers, body }: HttpRequest): Record<string, string> {
  return {
    accept: 'application/json',
    'user-agent': 'stackmeter-exporter',
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...headers,
  };
}

async function readText(
  { service }: HttpRequest,
  body: AsyncIterable<Buffer>,
  maxBytes: number,
): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new ServiceError(`the answer of ${service} is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseBody(asked: HttpRequest, status: number, text: string): unknown {
  const { service, method, url, onlyHeaders = method === 'HEAD' } = asked;
  if (onlyHeaders || status === 204) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    if (status >= 300) return undefined;
    throw new ServiceError(
      `${service} answers ${method} ${url.pathname} with a body that is not complete JSON`,
    );
  }
}

function unavailable(
  { service, method, url }: HttpRequest,
  status: number,
  retryAfter: string | undefined,
  nowMs: number,
): ServiceUnavailable {
  return new ServiceUnavailable(`${service} answers ${status} to ${method} ${url.origin}${url.pathname}`, {
    retryAfterMs: parseRetryAfter(retryAfter, nowMs),
  });
}

function singleHeaders(
  headers: Record<string, string | string[] | undefined>,
): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]),
  );
}

function parseDate(header: string | undefined): number | undefined {
  const parsed = header === undefined ? Number.NaN : Date.parse(header);
  return Number.isNaN(parsed) ? undefined : parsed;
}
