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
import { type Scrape, storeSteps } from './scrape.ts';
import { scrapeExporter } from './scrape-exporter.ts';
import type { FederationRequest, Source } from './source.ts';

export interface ExporterSourceOptions {
  clock: Clock;
  logger: Logger;
  /** How long a scrape, or a failure, is taken for all who ask. */
  reuseMs?: number;
  timeoutMs?: number;
}

/**
 * Answers federations from the exporter's own metrics, as a Prometheus that scrapes it would. While the exporter is down
 * its last complete answer stays, with its own times, as long as Prometheus would show it; then the answer is empty.
 */
export function createExporterSource(exporterUrl: URL, options: ExporterSourceOptions): Source {
  const { clock } = options;
  const scrapes = createScrapes(exporterUrl, options);
  return {
    federate: async (request, response) => {
      const scrape = await scrapes.latest();
      await sendBody(scrape, clock.nowMs(), request, response);
    },
    close: scrapes.close,
  };
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
  // The selectors have chosen already: the filter is for labels that do not leave.
  const filter = rules?.rewriting ? [createAnswerFilter(rules)] : [];
  const packing = gzip ? [createGzip({ level: constants.Z_BEST_SPEED })] : [];
  await pipeline([body, ...filter, ...packing, response], { signal });
}

/** Each piece when it is its turn to be made: many series and large expressions hold up nobody else. */
async function* inStepsOf(pieces: Iterable<string>, signal: AbortSignal): AsyncGenerator<string> {
  for (const piece of pieces) {
    if (piece !== '') yield piece;
    await myTurn(signal);
  }
}

/** The exporter's last good answer, asked for again when it is older than `reuseMs`, once for all who ask meanwhile. */
function createScrapes(
  exporterUrl: URL,
  { clock, logger, reuseMs = 5000, timeoutMs = 10_000 }: ExporterSourceOptions,
) {
  const url = metricsUrl(exporterUrl);
  const target = { job: USAGE_JOB, instance: instanceOf(exporterUrl) };
  const dispatcher = new Agent({ connections: 2 });
  const closing = new AbortController();
  let lastGood: Scrape | undefined;
  let attemptedMs: number | undefined;
  let running: Promise<void> | undefined;
  let failing = false;

  const attempt = async (startedMs: number) => {
    try {
      const samples = await scrapeExporter(url, { dispatcher, timeoutMs, signal: closing.signal });
      lastGood = await inTurns(storeSteps(samples, target, startedMs), closing.signal);
      if (failing) logger.info({ exporter: url }, 'the exporter answers again');
      failing = false;
    } catch (error) {
      if (!failing)
        logger.warn({ exporter: url, reason: describeError(error) }, 'the exporter does not answer');
      failing = true;
    }
  };
  const refresh = async () => {
    attemptedMs = clock.nowMs();
    await attempt(attemptedMs);
    running = undefined;
  };
  return {
    latest: async (): Promise<Scrape | undefined> => {
      const ageMs = attemptedMs === undefined ? Infinity : clock.nowMs() - attemptedMs;
      if (running === undefined && (ageMs >= reuseMs || ageMs < 0)) running = refresh();
      await running;
      return lastGood;
    },
    close: async () => {
      closing.abort();
      await dispatcher.destroy();
    },
  };
}

/** `/metrics`, unless the URL names another path. */
function metricsUrl(exporterUrl: URL): string {
  return exporterUrl.pathname === '/' ? new URL('/metrics', exporterUrl).href : exporterUrl.href;
}

/** The address as Prometheus puts it into `instance`: with the port, even where it is the usual one. */
function instanceOf({ hostname, port, protocol }: URL): string {
  return `${hostname}:${port === '' ? (protocol === 'https:' ? '443' : '80') : port}`;
}
