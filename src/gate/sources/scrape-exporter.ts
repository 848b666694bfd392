import type { Readable } from 'node:stream';
import { type Dispatcher, request } from 'undici';
import type { Sample } from '../../prometheus/sample.ts';
import { ExpositionParser } from '../../prometheus/text-format/text-format-parser.ts';
import { unpacked, type BodyEncoding } from '../../runtime/http/unpacked.ts';

/** Limits of one answer. A larger answer fails the scrape. */
interface ScrapeLimits {
  /** Before and after decompression; enough for some hundred thousand series. */
  maxBytes: number;
  maxSamples: number;
}

const LIMITS: ScrapeLimits = { maxBytes: 128 * 1_048_576, maxSamples: 1_000_000 };

/** Asks an exporter for its metrics once. Rejects unless the answer is complete and in the text format. */
export async function scrapeExporter(
  url: string,
  options: { dispatcher: Dispatcher; timeoutMs: number; signal: AbortSignal },
): Promise<Sample[]> {
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs)]);
  const { statusCode, headers, body } = await request(url, {
    dispatcher: options.dispatcher,
    signal,
    headers: {
      accept: 'text/plain;version=0.0.4',
      'accept-encoding': 'gzip',
      'user-agent': 'stackmeter-gate',
      'x-prometheus-scrape-timeout-seconds': String(options.timeoutMs / 1000),
    },
  });
  if (statusCode !== 200) {
    // Nobody reads the body. Without a listener, its error would end the process.
    body.on('error', () => undefined).destroy();
    throw new Error(`the exporter answers ${statusCode}`);
  }
  const encoding = headers['content-encoding'] === 'gzip' ? 'gzip' : 'identity';
  return await readExposition(body, encoding, LIMITS, signal);
}

/** Parses an answer as it streams. Throws where the answer is too large or not in the text format. */
export async function readExposition(
  body: Readable,
  encoding: BodyEncoding,
  limits: ScrapeLimits,
  signal?: AbortSignal,
): Promise<Sample[]> {
  const samples: Sample[] = [];
  const take = (more: readonly Sample[]) => {
    if (samples.length + more.length > limits.maxSamples) throw tooLarge();
    for (const sample of more) samples.push(sample);
  };
  const parser = new ExpositionParser();
  const decode = strictDecoder();
  const bounds = { maxWireBytes: limits.maxBytes, maxUnpackedBytes: limits.maxBytes, refusal: tooLarge };
  for await (const piece of unpacked(body, encoding, bounds, signal)) take(parser.push(decode(piece)));
  decode();
  take(parser.end());
  return samples;
}

function tooLarge(): Error {
  return new Error(`the exporter's answer is too large`);
}

/** Throws for text that is not UTF-8: a replaced character would make another label value. */
function strictDecoder(): (bytes?: Buffer) => string {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  return (bytes) => {
    try {
      return decoder.decode(bytes, { stream: bytes !== undefined });
    } catch (error) {
      throw new Error(`the exporter's answer is not UTF-8`, { cause: error });
    }
  };
}
