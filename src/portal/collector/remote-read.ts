import type { Readable } from 'node:stream';
import { ProtobufError } from '../../prometheus/protobuf-reader.ts';
import { decodeReadResponse, encodeReadRequest } from '../../prometheus/remote-read.ts';
import type { Sample } from '../../prometheus/sample.ts';
import { parseSelector } from '../../prometheus/selectors.ts';
import { SnappyError } from '../../prometheus/snappy.ts';
import { version } from '../../runtime/version.ts';
import type { SiteConfig } from '../site-settings.ts';
import type { BodyLimits } from './federate-body.ts';
import type { ReadWindow } from './read-windows.ts';
import { SweepFailure } from './sweep-failure.ts';

/** What a gate answers that has no remote read, or does not give it to us. */
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

/** The samples of an answer, within limits; throws `SweepFailure`. */
export async function readAnswer(body: Readable, limits: BodyLimits): Promise<Sample[]> {
  const bytes = await wholeBody(body, limits.maxWireBytes);
  try {
    const series = decodeReadResponse(bytes, limits.maxWireBytes).flat();
    const count = series.reduce((sum, { samples }) => sum + samples.length, 0);
    if (count > 2 * limits.maxSamples)
      throw new SweepFailure(`the history has more than ${2 * limits.maxSamples} samples`);
    return series.flatMap(({ name, labels, samples }) =>
      samples.map((sample) => ({ name, labels, ...sample })),
    );
  } catch (error) {
    if (error instanceof ProtobufError || error instanceof SnappyError)
      throw new SweepFailure(`the history is no answer to a remote read: ${error.message}`, { cause: error });
    throw error;
  }
}

async function wholeBody(body: Readable, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += (chunk as Buffer).length;
    if (bytes > maxBytes) throw new SweepFailure(`the history is larger than ${maxBytes} bytes on the wire`);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}
