import { UpstreamFailure } from './source.ts';
import type { UpstreamAnswer } from './upstream/upstream.ts';

const STREAMED_TYPE = 'application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse';

/** The part of an answer that comes before its body. */
type AnswerHead = Pick<UpstreamAnswer, 'headers' | 'length'>;

/** New headers for the answer of a federation. Throws `UpstreamFailure` for an answer that cannot be passed on. */
export function federationHead(answer: AnswerHead, gzip: boolean, maxBytes: number): Record<string, string> {
  const { type, coding, head } = read(answer, maxBytes);
  if (!/^text\/plain(?:; ?[a-z]+=[A-Za-z0-9.-]+)*$/.test(type)) throw unusable('another content type');
  if (coding === 'gzip' && gzip) return { ...head, 'content-encoding': 'gzip' };
  if (coding !== undefined && coding !== 'identity') throw unusable('another content encoding');
  return head;
}

/** New headers for the answer of a remote read. Throws `UpstreamFailure` unless the answer is a stream of chunks. */
export function readHead(answer: AnswerHead, maxBytes: number): Record<string, string> {
  const { type, coding, head } = read(answer, maxBytes);
  if (type !== STREAMED_TYPE || (coding !== undefined && coding !== ''))
    throw unusable('another content type');
  return head;
}

function read({ headers, length }: AnswerHead, maxBytes: number) {
  // The gate would have to break off such an answer, so it does not start it.
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
