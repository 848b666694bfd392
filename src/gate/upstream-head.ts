import type { IncomingHttpHeaders } from 'node:http';
import { UpstreamFailure } from './source.ts';

const STREAMED_TYPE = 'application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse';

/** The headers of a federation's answer, made anew; throws `UpstreamFailure` for an answer that can't be passed on. */
export function federationHead(
  status: number,
  headers: IncomingHttpHeaders,
  gzip: boolean,
): Record<string, string> {
  const type = headers['content-type'] ?? '';
  const coding = headers['content-encoding'] ?? 'identity';
  checkDelivery(status, headers);
  if (!/^text\/plain(?:; ?[a-z]+=[A-Za-z0-9.-]+)*$/.test(type)) throw unusable('another content type');
  if (coding !== 'identity' && !(gzip && coding === 'gzip')) throw unusable('another content encoding');
  return {
    ...headFor(type, headers),
    ...(coding === 'gzip' ? { 'content-encoding': 'gzip' } : {}),
  };
}

/** The headers of a remote read's answer, made anew, and whether it is a stream of chunks. Throws `UpstreamFailure`. */
export function readHead(
  status: number,
  headers: IncomingHttpHeaders,
): { head: Record<string, string>; streamed: boolean } {
  const type = headers['content-type'] ?? '';
  const coding = headers['content-encoding'];
  checkDelivery(status, headers);
  if (type === STREAMED_TYPE && (coding === undefined || coding === ''))
    return { head: headFor(type, headers), streamed: true };
  if (type !== 'application/x-protobuf' || coding !== 'snappy') throw unusable('another content type');
  return { head: { ...headFor(type, headers), 'content-encoding': 'snappy' }, streamed: false };
}

function checkDelivery(status: number, headers: IncomingHttpHeaders): void {
  if (status !== 200) throw unusable(`the status ${status}`);
  // An answer that ends where the connection ends could break off without a sign.
  if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined)
    throw unusable('no length');
}

function headFor(type: string, headers: IncomingHttpHeaders): Record<string, string> {
  const length = headers['content-length'];
  return {
    'content-type': type,
    'cache-control': 'no-store',
    ...(length === undefined ? {} : { 'content-length': length }),
  };
}

function unusable(what: string): UpstreamFailure {
  return new UpstreamFailure(502, new Error(`Prometheus answered with ${what}`));
}
