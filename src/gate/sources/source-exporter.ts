import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGzip } from 'node:zlib';
import { Agent } from 'undici';
import { EXPOSITION_CONTENT_TYPE } from '../../prometheus/text-format/text-format-writer.ts';
import { USAGE_JOB } from '../../prometheus/usage-metrics.ts';
import type { Clock } from '../../runtime/clock.ts';
import { inTurns, myTurn } from '../../runtime/in-turns.ts';
import type { Logger } from '../../runtime/logger.ts';
import { describeError } from '../../runtime/user-error.ts';
import { createAnswerFilter } from '../answers/answer-filter.ts';
import { federationBody } from './federation-body.ts';
import { type Scrape, storeSteps, type TargetLabels } from './scrape.ts';
import { scrapeExporter } from './scrape-exporter.ts';
import type { FederationRequest, Source } from './source.ts';

export interface ExporterSourceOptions {
  clock: Clock;
  logger: Logger;
  /** For how long the result of a scrape, or its failure, answers all requests. */
  reuseMs?: number;
  timeoutMs?: number;
}

/**
 * Answers federations from the exporter's own metrics, as a Prometheus that scrapes the exporter would. While the exporter is
 * down, its last complete answer is served with its original times for as long as Prometheus would show it. Then the answer is
 * empty.
 */
export class ExporterSource implements Source {
  readonly #clock: Clock;
  readonly #scrapes: Scrapes;

  constructor(exporterUrl: URL, options: ExporterSourceOptions) {
    this.#clock = options.clock;
    this.#scrapes = new Scrapes(exporterUrl, options);
  }

  async federate(request: FederationRequest, response: ServerResponse): Promise<void> {
    const scrape = await this.#scrapes.latest();
    await sendBody(scrape, this.#clock.nowMs(), request, response);
  }

  async close(): Promise<void> {
    await this.#scrapes.close();
  }
}

async function sendBody(
  scrape: Scrape | undefined,
  nowMs: number,
  { selectors, gzip, rules, signal }: FederationRequest,
  response: ServerResponse,
): Promise<void> {
  response.writeHead(200, {
    'content-type': EXPOSITION_CONTENT_TYPE,
    'cache-control': 'no-store',
    ...(gzip ? { 'content-encoding': 'gzip' } : {}),
  });
  const pieces = scrape ? federationBody(scrape, selectors, nowMs) : [];
  const body = Readable.from(inStepsOf(pieces, signal), { objectMode: false });
  // The selectors have chosen the series already: the filter only rewrites labels.
  const filter = rules?.rewriting ? [createAnswerFilter(rules)] : [];
  const packing = gzip ? [createGzip({ level: constants.Z_BEST_SPEED })] : [];
  await pipeline([body, ...filter, ...packing, response], { signal });
}

/** Makes each piece in its own turn of the event loop, so that many series and large expressions delay no other request. */
async function* inStepsOf(pieces: Iterable<string>, signal: AbortSignal): AsyncGenerator<string> {
  for (const piece of pieces) {
    if (piece !== '') yield piece;
    await myTurn(signal);
  }
}

/** The exporter's last complete answer. It is scraped again after `reuseMs`, once for all requests that come meanwhile. */
class Scrapes {
  readonly #url: string;
  readonly #target: TargetLabels;
  readonly #options: ExporterSourceOptions;
  readonly #dispatcher = new Agent({ connections: 2 });
  readonly #closing = new AbortController();
  #lastGood: Scrape | undefined;
  #attemptedMs: number | undefined;
  #running: Promise<void> | undefined;
  #failing = false;

  constructor(exporterUrl: URL, options: ExporterSourceOptions) {
    this.#url = metricsUrl(exporterUrl);
    this.#target = { job: USAGE_JOB, instance: instanceOf(exporterUrl) };
    this.#options = options;
  }

  async latest(): Promise<Scrape | undefined> {
    const { clock, reuseMs = 5000 } = this.#options;
    const ageMs = this.#attemptedMs === undefined ? Infinity : clock.nowMs() - this.#attemptedMs;
    if (this.#running === undefined && (ageMs >= reuseMs || ageMs < 0)) this.#running = this.#refresh();
    await this.#running;
    return this.#lastGood;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#dispatcher.destroy();
  }

  async #refresh(): Promise<void> {
    this.#attemptedMs = this.#options.clock.nowMs();
    await this.#attempt(this.#attemptedMs);
    this.#running = undefined;
  }

  async #attempt(startedMs: number): Promise<void> {
    const { logger, timeoutMs = 10_000 } = this.#options;
    const [dispatcher, { signal }, exporter] = [this.#dispatcher, this.#closing, this.#url];
    try {
      const samples = await scrapeExporter(exporter, { dispatcher, timeoutMs, signal });
      this.#lastGood = await inTurns(storeSteps(samples, this.#target, startedMs), signal);
      if (this.#failing) logger.info({ exporter }, 'the exporter answers again');
      this.#failing = false;
    } catch (error) {
      if (!this.#failing)
        logger.warn({ exporter, reason: describeError(error) }, 'the exporter does not answer');
      this.#failing = true;
    }
  }
}

/** `/metrics`, unless the URL names another path. */
function metricsUrl(exporterUrl: URL): string {
  return exporterUrl.pathname === '/' ? new URL('/metrics', exporterUrl).href : exporterUrl.href;
}

/** The address as Prometheus writes it into `instance`: always with the port. */
function instanceOf({ hostname, port, protocol }: URL): string {
  return `${hostname}:${port === '' ? (protocol === 'https:' ? '443' : '80') : port}`;
}
