import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { type Dispatcher, request } from 'undici';
import type { Sample } from '../../prometheus/sample.ts';
import { ExpositionParser } from '../../prometheus/text-format/text-format-parser.ts';

/** Bytes of an uncompressed answer: some hundred thousand series. */
const MAX_BODY_BYTES = 128 * 1_048_576;

/** Asks an exporter for its metrics once. Rejects unless the answer is whole and in the text format. */
export async function scrapeExporter(
  url: string,
  options: { dispatcher: Dispatcher; timeoutMs: number; signal: AbortSignal },
): Promise<Sample[]> {
  const { statusCode, headers, body } = await request(url, {
    dispatcher: options.dispatcher,
    signal: AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs)]),
    headers: {
      accept: 'text/plain;version=0.0.4',
      'accept-encoding': 'gzip',
      'user-agent': 'stackmeter-gate',
      'x-prometheus-scrape-timeout-seconds': String(options.timeoutMs / 1000),
    },
  });
  if (statusCode !== 200) {
    // Not read, so that its error, the only sign of which would be a crash, is nobody's.
    body.on('error', () => undefined).destroy();
    throw new Error(`the exporter answers ${statusCode}`);
  }
  return await parseBody(body, headers['content-encoding'] === 'gzip');
}

async function parseBody(body: Readable, gzip: boolean): Promise<Sample[]> {
  const samples: Sample[] = [];
  const parser = new ExpositionParser();
  const parse = async (chunks: AsyncIterable<string>) => {
    for await (const chunk of chunks) for (const sample of parser.push(chunk)) samples.push(sample);
  };
  const text = [sizeLimit(), utf8Decoder()] as const;
  if (gzip) await pipeline(body, createGunzip(), ...text, parse);
  else await pipeline(body, ...text, parse);
  return samples.concat(parser.end());
}

function sizeLimit(): Transform {
  let bytes = 0;
  return new Transform({
    transform: (chunk: Buffer, _, done) => {
      bytes += chunk.length;
      done(bytes > MAX_BODY_BYTES ? new Error(`the exporter's answer is too large`) : null, chunk);
    },
  });
}

/** Text that is not UTF-8 is an error: a replaced character would be another label value. */
function utf8Decoder(): Transform {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  return new Transform({
    readableObjectMode: true,
    transform: (chunk: Buffer, _, done) => attempt(done, () => decoder.decode(chunk, { stream: true })),
    flush: (done) => attempt(done, () => decoder.decode()),
  });
}

function attempt(done: (error: Error | null, text?: string) => void, decode: () => string): void {
  try {
    done(null, decode());
  } catch (error) {
    done(new Error(`the exporter's answer is not UTF-8`, { cause: error }));
  }
}
