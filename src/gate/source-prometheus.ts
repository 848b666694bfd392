import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { Pool } from 'undici';
import { formatSelector } from '../prometheus/selectors.ts';
import { codeOf } from '../runtime/user-error.ts';
import { type FederationRequest, type Source, UpstreamFailure } from './source.ts';

export interface PrometheusLimits {
  connectTimeoutMs: number;
  /** Up to the head of the answer. */
  firstByteTimeoutMs: number;
  /** Between two pieces of the answer. */
  idleTimeoutMs: number;
}

const DEFAULT_LIMITS: PrometheusLimits = {
  connectTimeoutMs: 5000,
  firstByteTimeoutMs: 30_000,
  idleTimeoutMs: 30_000,
};

const TIMEOUT_CODES = new Set(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'ETIMEDOUT']);

/**
 * The site's Prometheus. Its `/federate` is asked anew (rule G2), and its answer is passed on as it streams, compressed or
 * not: it is never opened.
 */
export function createPrometheusSource(baseUrl: URL, limits: PrometheusLimits = DEFAULT_LIMITS): Source {
  const pool = new Pool(baseUrl.origin, {
    connections: 16,
    connect: { timeout: limits.connectTimeoutMs },
    headersTimeout: limits.firstByteTimeoutMs,
    bodyTimeout: limits.idleTimeoutMs,
  });
  const basePath = baseUrl.pathname.replace(/\/$/, '');
  return {
    federate: async (request, response) => {
      try {
        await passOn(pool, `${basePath}/federate`, request, response);
      } catch (error) {
        throw response.headersSent || error instanceof UpstreamFailure ? error : upstreamFailure(error);
      }
    },
    close: async () => await pool.destroy(),
  };
}

async function passOn(
  pool: Pool,
  path: string,
  { selectors, gzip, signal }: FederationRequest,
  response: ServerResponse,
): Promise<void> {
  const query = new URLSearchParams(
    selectors.map((selector): [string, string] => ['match[]', formatSelector(selector)]),
  );
  const headers = {
    accept: 'text/plain;version=0.0.4',
    'accept-encoding': gzip ? 'gzip' : 'identity',
    'user-agent': 'stackmeter-gate',
  };
  await pool.stream(
    { method: 'GET', path: `${path}?${query.toString()}`, headers, signal },
    ({ statusCode, headers: answered }) => {
      response.writeHead(200, headOf(statusCode, answered, gzip));
      return response;
    },
  );
}

/** The headers of the answer, made anew; throws `UpstreamFailure` for an answer that can't be passed on. */
function headOf(status: number, headers: IncomingHttpHeaders, gzip: boolean): Record<string, string> {
  const type = headers['content-type'] ?? '';
  const coding = headers['content-encoding'] ?? 'identity';
  const length = headers['content-length'];
  if (status !== 200) throw unusable(`the status ${status}`);
  if (!/^text\/plain(?:; ?[a-z]+=[A-Za-z0-9.-]+)*$/.test(type)) throw unusable('another content type');
  if (coding !== 'identity' && !(gzip && coding === 'gzip')) throw unusable('another content encoding');
  // An answer that ends where the connection ends could break off without a sign.
  if (length === undefined && headers['transfer-encoding'] === undefined) throw unusable('no length');
  return {
    'content-type': type,
    'cache-control': 'no-store',
    ...(coding === 'gzip' ? { 'content-encoding': 'gzip' } : {}),
    ...(length === undefined ? {} : { 'content-length': length }),
  };
}

function unusable(what: string): UpstreamFailure {
  return new UpstreamFailure(502, new Error(`Prometheus answered with ${what}`));
}

function upstreamFailure(error: unknown): UpstreamFailure {
  return new UpstreamFailure(TIMEOUT_CODES.has(codeOf(error) ?? '') ? 504 : 502, error);
}
