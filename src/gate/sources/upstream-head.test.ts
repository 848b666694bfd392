import { describe, expect, it } from 'vitest';
import { federationHead, readHead } from './upstream-head.ts';

const TEXT = 'text/plain; version=0.0.4; charset=utf-8';
const STREAMED = 'application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse';
const MAX_BYTES = 1000;

const announced = (headers: Record<string, string>, length?: number) => ({
  headers: new Map(Object.entries(headers)),
  length,
});

/** The head that the gate sends, or the log's reason why it sends none. */
function headOf(make: () => unknown): unknown {
  try {
    return make();
  } catch (error) {
    return ((error as Error).cause as Error).message;
  }
}

describe('the head of a federation', () => {
  const federation = (headers: Record<string, string>, length?: number, gzip = true) =>
    headOf(() => federationHead(announced(headers, length), gzip, MAX_BYTES));

  it('has only the headers that the gate knows', () => {
    expect(federation({ 'content-type': TEXT, 'set-cookie': 'a=b', server: 'x' }, 12)).toEqual({
      'content-type': TEXT,
      'cache-control': 'no-store',
      'content-length': '12',
    });
    expect(federation({ 'content-type': TEXT, 'content-encoding': 'gzip' })).toEqual({
      'content-type': TEXT,
      'cache-control': 'no-store',
      'content-encoding': 'gzip',
    });
  });

  it('is refused in a coding that the client did not ask for or the gate does not know', () => {
    const packed = (coding: string, gzip: boolean) =>
      federation({ 'content-type': TEXT, 'content-encoding': coding }, undefined, gzip);
    expect([packed('gzip', false), packed('br', true)]).toEqual([
      'Prometheus answered with another content encoding',
      'Prometheus answered with another content encoding',
    ]);
    expect(packed('identity', false)).toEqual({ 'content-type': TEXT, 'cache-control': 'no-store' });
  });

  it.each([
    '',
    'text/html',
    'text/plain; a="b"',
    'text/plainer',
    'application/openmetrics-text; version=1.0.0',
  ])('is refused with the type %j', (type) => {
    expect(federation({ 'content-type': type })).toBe('Prometheus answered with another content type');
  });

  it('is refused if it announces too many bytes: the gate would break off the answer', () => {
    expect(federation({ 'content-type': TEXT }, MAX_BYTES)).toMatchObject({ 'content-length': '1000' });
    expect(federation({ 'content-type': TEXT }, MAX_BYTES + 1)).toBe(
      'Prometheus answered with 1001 bytes, which is too much',
    );
  });
});

describe('the head of a remote read', () => {
  const read = (headers: Record<string, string>) => headOf(() => readHead(announced(headers), MAX_BYTES));

  it('is the head of a stream of chunks', () => {
    expect(read({ 'content-type': STREAMED })).toEqual({
      'content-type': STREAMED,
      'cache-control': 'no-store',
    });
    const other = 'Prometheus answered with another content type';
    expect(read({ 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' })).toBe(other);
    expect(read({ 'content-type': STREAMED, 'content-encoding': 'gzip' })).toBe(other);
  });
});
