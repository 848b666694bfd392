import { describe, expect, it } from 'vitest';
import { framingOf, isKept, parseResponseHead } from './response-head.ts';

const head = (...lines: string[]) => parseResponseHead(['HTTP/1.1 200 OK', ...lines].join('\r\n'));

describe('the head of an answer', () => {
  it('is read in the form that Prometheus writes', () => {
    const read = head(
      'Content-Encoding: gzip',
      'Content-Type:text/plain; version=0.0.4 ',
      'Transfer-Encoding: chunked',
      'X-Empty:',
      'vary: a',
      'Vary: b',
    );
    expect(read).toEqual({
      status: 200,
      headers: new Map([
        ['content-encoding', 'gzip'],
        ['content-type', 'text/plain; version=0.0.4'],
        ['transfer-encoding', 'chunked'],
        ['x-empty', ''],
        ['vary', 'a'],
      ]),
    });
    expect([framingOf(read), isKept(read)]).toEqual([{ kind: 'chunked' }, true]);
    expect(framingOf(head('content-length: 12'))).toEqual({ kind: 'length', bytes: 12 });
    expect(isKept(head('Connection: Close'))).toBe(false);
  });

  it.each([
    'HTTP/1.0 200 OK',
    'HTTP/2 200',
    'HTTP/1.1  200 OK',
    'HTTP/1.1 20 OK',
    'HTTP/1.1 200',
    ' HTTP/1.1 200 OK',
    'ICY 200 OK',
    '',
    'HTTP/1.1 200 O\nK',
  ])('is refused with the status line %j', (line) => {
    expect(() => parseResponseHead(line)).toThrow('an answer that is not HTTP/1.1');
  });

  it.each(['a', ' folded: x', '\tfolded', 'a : b', ': b', 'a: b\nc: d', 'a: b\rc: d', 'a: \0', 'ä: b', ''])(
    'is refused with the line %j',
    (line) => {
      expect(() => head('x: y', line)).toThrow('an invalid header');
    },
  );

  it.each([
    [['content-length: 1', 'Content-Length: 1'], 'content-length twice'],
    [['transfer-encoding: chunked', 'transfer-encoding: chunked'], 'transfer-encoding twice'],
    [['content-type: text/plain', 'content-type: text/html'], 'content-type twice'],
    [['content-length: 1', 'transfer-encoding: chunked'], 'two lengths'],
    [['transfer-encoding: gzip, chunked'], 'another transfer encoding'],
    [['transfer-encoding: identity'], 'another transfer encoding'],
    [['content-length: +1'], 'an invalid length'],
    [['content-length: 1, 1'], 'an invalid length'],
    [['content-length: 0x1'], 'an invalid length'],
    [['content-length: 9999999999999999'], 'an invalid length'],
    [['x: y'], 'no length'],
  ])('states one length, not %j', (lines, message) => {
    expect(() => framingOf(head(...lines))).toThrow(message);
  });
});
