import type { Readable } from 'node:stream';
import { checkServerIdentity, type ConnectionOptions } from 'node:tls';
import { Pool, type Dispatcher } from 'undici';
import type { Sample } from '../../prometheus/sample.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { BodyEncoding } from '../../runtime/http/unpacked.ts';
import { parseRetryAfter } from '../../runtime/retry.ts';
import { version } from '../../runtime/version.ts';
import type { SiteConfig } from '../settings/site-settings.ts';
import { readFederateBody, type BodyLimits, type TakeSample } from './federate-body.ts';
import { NO_REMOTE_READ, readAnswer as readHistory, readRequest, type TellBytes } from './remote-read.ts';
import type { ReadWindow } from './read-windows.ts';
import { TimeLimit } from '../../runtime/time-limit.ts';
import { printable, reasonOfStatus, SweepFailure, toSweepFailure } from './sweep-failure.ts';

/** Reads one site's gate, over connections of its own. */
export class GateClient {
  readonly #site: SiteConfig;
  readonly #limits: BodyLimits;
  readonly #clock: Clock;
  readonly #url: URL;
  readonly #pool: Pool;

  constructor(site: SiteConfig, limits: BodyLimits, clock: Clock) {
    this.#site = site;
    this.#limits = limits;
    this.#clock = clock;
    this.#url = new URL(site.url);
    this.#pool = new Pool(this.#url.origin, {
      connections: 2,
      connect: { timeout: site.timeoutMs, ...(site.ca === undefined ? {} : trustIn(site.ca)) },
      headersTimeout: site.timeoutMs,
      bodyTimeout: site.timeoutMs,
    });
  }

  /**
   * Gives `take` all samples that the site's selectors select. Throws `SweepFailure`, or the reason of `signal`; then the
   * samples that `take` has received are incomplete. Waits for `turn` between the head and the body of the answer. This
   * wait does not count against the site's time.
   */
  async federate(
    signal: AbortSignal,
    take: TakeSample,
    turn: () => Promise<void> = async () => undefined,
  ): Promise<void> {
    await this.#withinTime(signal, async (both, time) => {
      const response = await this.#pool.request({ ...federateRequest(this.#url, this.#site), signal: both });
      await readAnswer(response, this.#clock, async (encoding, body) => {
        time.stop();
        await turn();
        time.start();
        await readFederateBody(body, encoding, this.#limits, take, both);
      });
    });
  }

  /**
   * The samples of a time in the site's Prometheus; undefined if the gate has no remote read or refuses it. Throws
   * `SweepFailure`, or the reason of `signal`.
   */
  async read(
    window: ReadWindow,
    signal: AbortSignal,
    tellBytes: TellBytes = () => undefined,
  ): Promise<Sample[] | undefined> {
    return await this.#withinTime(signal, async (both) => {
      const request = readRequest(this.#url, this.#site, window);
      const response = await this.#pool.request({ ...request, signal: both });
      response.body.on('error', () => undefined);
      try {
        if (response.statusCode === 200)
          return await readHistory(response.body, this.#limits, tellBytes, both);
        if (NO_REMOTE_READ.has(response.statusCode)) return undefined;
        throw new SweepFailure(`the gate answers a remote read with ${response.statusCode}`);
      } finally {
        response.body.destroy();
      }
    });
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async #withinTime<T>(
    signal: AbortSignal,
    ask: (both: AbortSignal, time: TimeLimit) => Promise<T>,
  ): Promise<T> {
    const { timeoutMs } = this.#site;
    const time = new TimeLimit(timeoutMs, signal);
    try {
      return await ask(time.signal, time);
    } catch (error) {
      signal.throwIfAborted();
      throw toSweepFailure(time.signal.aborted ? time.signal.reason : error, this.#url.host, timeoutMs);
    } finally {
      time.end();
    }
  }
}

/** Redirects are not followed, because the token would go with them. undici follows none by default. */
function federateRequest(url: URL, site: SiteConfig) {
  const query = site.selectors.map((selector) => `match%5B%5D=${asPrometheusWrites(selector)}`).join('&');
  return {
    method: 'GET' as const,
    path: `${url.pathname.replace(/\/+$/, '')}/federate?${query}`,
    headers: {
      authorization: `Bearer ${site.token}`,
      accept: 'text/plain;version=0.0.4',
      'accept-encoding': 'gzip',
      'user-agent': `stackmeter-portal/${version}`,
    },
  };
}

/**
 * Encodes a selector as Go does: HAProxy in front of a site's Prometheus, as in the earlier system, compares
 * characters.
 */
function asPrometheusWrites(selector: string): string {
  const hex = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(selector)
    .replaceAll(/[!'()*]/g, hex)
    .replaceAll('%20', '+');
}

async function readAnswer(
  { statusCode, headers, body }: Dispatcher.ResponseData,
  clock: Clock,
  read: (encoding: BodyEncoding, body: Readable) => Promise<void>,
): Promise<void> {
  // Destroying a body that nobody reads emits an error, which would end the process if nobody listened.
  body.on('error', () => undefined);
  try {
    if (statusCode === 200) return await read(encodingOf(headers), body);
    throw new SweepFailure(reasonOfStatus(statusCode, await firstLine(headers, body)), {
      retryAfterMs: parseRetryAfter(textHeader(headers['retry-after']), clock.nowMs()),
    });
  } finally {
    body.destroy();
  }
}

type Headers = Dispatcher.ResponseData['headers'];

/** The encoding of the body. Throws `SweepFailure` if it is not text, or if nobody can tell whether it is complete. */
function encodingOf(headers: Headers): BodyEncoding {
  const type = textHeader(headers['content-type']) ?? '';
  if (!/^text\/plain\b/i.test(type))
    throw new SweepFailure(
      `the answer is '${printable(type)}', not the text format: does the url belong to a gate?`,
    );
  const encoding = (textHeader(headers['content-encoding']) ?? 'identity').toLowerCase();
  if (encoding === 'gzip') return 'gzip';
  if (encoding !== 'identity')
    throw new SweepFailure(`the answer is encoded as '${printable(encoding)}', not as gzip`);
  if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined)
    throw new SweepFailure('the answer does not state its length, so nobody can tell whether it is complete');
  return 'identity';
}

function textHeader(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

/** The first line of a gate's error message; '' if it is compressed. */
async function firstLine(headers: Headers, body: Dispatcher.ResponseData['body']): Promise<string> {
  if (headers['content-encoding'] !== undefined) return '';
  try {
    for await (const chunk of body) return printable(String(chunk));
  } catch {
    // The status is enough.
  }
  return '';
}

const CERTIFICATES = /-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/g;

/**
 * TLS options that trust these certificates (PEM), and no others. A gate whose own certificate is one of them may have any
 * name: nobody else has its key.
 */
function trustIn(ca: string): Pick<ConnectionOptions, 'ca' | 'checkServerIdentity'> {
  const trusted = new Set([...ca.matchAll(CERTIFICATES)].map(([, text = '']) => text.replaceAll(/\s/g, '')));
  return {
    ca,
    checkServerIdentity: (host, certificate) =>
      trusted.has(certificate.raw.toString('base64')) ? undefined : checkServerIdentity(host, certificate),
  };
}
