import type { Readable } from 'node:stream';
import { ProtobufError } from '../../prometheus/remote/protobuf-reader.ts';
import { encodeReadRequest, readResponseSteps } from '../../prometheus/remote/remote-read.ts';
import type { Sample } from '../../prometheus/sample.ts';
import { parseSelector } from '../../prometheus/selectors/selectors.ts';
import { SnappyError } from '../../prometheus/remote/snappy.ts';
import type { TimeSeries } from '../../prometheus/remote/time-series.ts';
import { resourceOfMetric } from '../../prometheus/usage-metrics.ts';
import { inTurns } from '../../runtime/in-turns.ts';
import { version } from '../../runtime/version.ts';
import { isNeededFact } from '../ledger/accounting/sweeps/exporter-facts.ts';
import type { SiteConfig } from '../settings/site-settings.ts';
import type { BodyLimits } from './federate-body.ts';
import type { ReadWindow } from './read-windows.ts';
import { SweepFailure } from './sweep-failure.ts';

/** The statuses of a gate without remote read, or with a policy that denies it. */
export const NO_REMOTE_READ: ReadonlySet<number> = new Set([400, 403, 404, 405, 501]);

/** Source: https://prometheus.io/docs/prometheus/latest/querying/remote_read_api/ */
export function readRequest(url: URL, site: SiteConfig, { startMs, endMs }: ReadWindow) {
  const queries = site.selectors.map((text) => ({ startMs, endMs, matchers: parseSelector(text) }));
  return {
    method: 'POST' as const,
    path: `${url.pathname.replace(/\/+$/, '')}/api/v1/read`,
    headers: {
      authorization: `Bearer ${site.token}`,
      'content-type': 'application/x-protobuf',
      'content-encoding': 'snappy',
      'x-prometheus-remote-read-version': '0.1.0',
      'user-agent': `stackmeter-portal/${version}`,
    },
    body: encodeReadRequest(queries),
  };
}

/** Receives the memory of an answer so far, estimated in bytes. May throw. */
export type TellBytes = (bytes: number) => void;

/** The memory of a sample, estimated. */
const BYTES_OF_SAMPLE = 80;
/** The memory of a label beside its value, estimated. */
const BYTES_OF_LABEL = 40;

/**
 * Returns the samples of an answer that readings need. Throws `SweepFailure` beyond the limits, and the reason of
 * `signal`.
 */
export async function readAnswer(
  body: Readable,
  limits: BodyLimits,
  tellBytes: TellBytes,
  signal: AbortSignal,
): Promise<Sample[]> {
  const answer = await wholeBody(body, limits.maxWireBytes, tellBytes);
  const samples: Sample[] = [];
  let bytes = answer.length;
  const take = (series: TimeSeries) => {
    if (!isNeeded(series.name)) return;
    bytes += bytesOf(series);
    if (bytes > limits.maxHistoryBytes)
      throw new SweepFailure(`the history takes more than ${limits.maxHistoryBytes} bytes of memory`);
    tellBytes(bytes);
    const { name, labels } = series;
    for (const sample of series.samples) samples.push({ name, labels, ...sample });
    if (samples.length > 2 * limits.maxSamples)
      throw new SweepFailure(`the history has more than ${2 * limits.maxSamples} samples`);
  };
  try {
    await inTurns(readResponseSteps(answer, { maxBytes: limits.maxWireBytes }, take), signal);
    return samples;
  } catch (error) {
    if (error instanceof ProtobufError || error instanceof SnappyError)
      throw new SweepFailure(`the history is not an answer to a remote read: ${error.message}`, {
        cause: error,
      });
    throw error;
  }
}

function isNeeded(metricName: string): boolean {
  return resourceOfMetric(metricName) !== undefined || isNeededFact(metricName);
}

function bytesOf({ labels, samples }: TimeSeries): number {
  let bytes = BYTES_OF_SAMPLE * samples.length;
  for (const label in labels) bytes += BYTES_OF_LABEL + (labels[label] ?? '').length;
  return bytes;
}

async function wholeBody(body: Readable, maxBytes: number, tellBytes: TellBytes): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += (chunk as Buffer).length;
    if (bytes > maxBytes) throw new SweepFailure(`the history is larger than ${maxBytes} bytes on the wire`);
    tellBytes(bytes);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}
