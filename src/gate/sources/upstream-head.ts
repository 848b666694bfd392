import { UpstreamFailure } from './source.ts';
import type { UpstreamAnswer } from './upstream/upstream.ts';

const STREAMED_TYPE = 'application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse';

/** What is told of an answer before it has come. */
type Announced = Pick<UpstreamAnswer, 'headers' | 'length'>;

/** The headers of a federation's answer, made anew; throws `UpstreamFailure` for an answer that can't be passed on. */
export function federationHead(
  announced: Announced,
  gzip: boolean,
  maxBytes: number,
): Record<string, string> {
  const { type, coding, head } = read(announced, maxBytes);
  if (!/^text\/plain(?:; ?[a-z]+=[A-Za-z0-9.-]+)*$/.test(type)) throw unusable('another content type');
  if (coding === 'gzip' && gzip) return { ...head, 'content-encoding': 'gzip' };
  if (coding !== undefined && coding !== 'identity') throw unusable('another content encoding');
  return head;
}

/** The headers of a remote read's answer, made anew. Throws `UpstreamFailure` unless it is a stream of chunks. */
export function readHead(announced: Announced, maxBytes: number): Record<string, string> {
  const { type, coding, head } = read(announced, maxBytes);
  if (type !== STREAMED_TYPE || (coding !== undefined && coding !== ''))
    throw unusable('another content type');
  return head;
}

function read({ headers, length }: Announced, maxBytes: number) {
  // It would have to be broken off; so it does not begin.
  if (length !== undefined && length > maxBytes) throw unusable(`${length} bytes, which is too much`);
  const type = headers.get('content-type') ?? '';
  const head = {
    'content-type': type,
    'cache-control': 'no-store',
    ...(length === undefined ? {} : { 'content-length': String(length) }),
  };
  return { type, coding: headers.get('content-encoding'), head };
}

function unusable(what: string): UpstreamFailure {
  return new UpstreamFailure(502, new Error(`Prometheus answered with ${what}`));
}
