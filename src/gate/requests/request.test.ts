import { describe, expect, it } from 'vitest';
import { formatSelector } from '../../prometheus/selectors/selectors.ts';
import { Refusal } from '../refusal.ts';
import { acceptsGzip, bearerToken, type RequestHead, routeOf, selectorsOf } from './request.ts';

function head(target: string, more: Partial<RequestHead> = {}): RequestHead {
  return { method: 'GET', target, httpVersion: '1.1', rawHeaders: [], ...more };
}

function statusOf(work: () => unknown): number {
  try {
    work();
  } catch (error) {
    if (error instanceof Refusal) return error.status;
    throw error;
  }
  return 200;
}

describe('the path', () => {
  it('is one of the known paths, character by character', () => {
    expect(routeOf(head('/federate?a?b=%'))).toEqual({ name: 'federate', query: 'a?b=%' });
    expect(routeOf(head('/federate'))).toEqual({ name: 'federate', query: '' });
    expect(routeOf(head('/healthz'))).toEqual({ name: 'healthz' });
  });

  it.each([
    '/',
    '/metrics',
    '/federate/',
    '//federate',
    '/./federate',
    '/x/../federate',
    '/%66ederate',
    '/Federate',
    '/federate#x',
    '/federate%3Fmatch',
    '/federate;x',
    '/federate/..;/api',
    'http://gate/federate',
    '*',
    '',
    '/healthz?x',
    '/api/v1/query?match[]=x',
  ])('%s leads nowhere', (target) => {
    expect(statusOf(() => routeOf(head(target)))).toBe(404);
    expect(statusOf(() => routeOf(head(target, { method: 'POST' })))).toBe(404);
  });

  it.each(['POST', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE', 'PATCH'])('does not accept %s', (method) => {
    expect(statusOf(() => routeOf(head('/federate', { method })))).toBe(405);
    expect(statusOf(() => routeOf(head('/healthz', { method })))).toBe(method === 'HEAD' ? 200 : 405);
  });

  it('accepts no body and no endless URL', () => {
    const withHeader = (...rawHeaders: string[]) =>
      statusOf(() => routeOf(head('/federate', { rawHeaders })));
    expect(withHeader('Content-Length', '1')).toBe(400);
    expect(withHeader('Transfer-Encoding', 'chunked')).toBe(400);
    expect(withHeader('Content-Length', '0')).toBe(200);
    expect(statusOf(() => routeOf(head(`/federate?${'x'.repeat(16_384)}`)))).toBe(414);
  });
});

describe('the bearer token', () => {
  const tokenOf = (...rawHeaders: string[]) => bearerToken(head('/federate', { rawHeaders }));

  it('is in the only Authorization header', () => {
    expect(tokenOf('Host', 'x', 'AUTHORIZATION', 'bearer  a+b/c==')).toBe('a+b/c==');
  });

  it.each([
    [[]],
    [['Authorization', '']],
    [['Authorization', 'Bearer']],
    [['Authorization', 'Bearer ']],
    [['Authorization', 'Bearer a b']],
    [['Authorization', 'Bearer a, Bearer b']],
    [['Authorization', 'Basic YTpi']],
    [['Authorization', 'a']],
    [['Authorization', 'Bearer ä']],
    [['Authorization', 'Bearer a', 'authorization', 'Bearer a']],
    [['Proxy-Authorization', 'Bearer a']],
  ])('is missing in %j', (rawHeaders) => {
    expect(statusOf(() => tokenOf(...rawHeaders))).toBe(401);
  });
});

describe('the query', () => {
  const read = (query: string) => selectorsOf(query).map(formatSelector);

  it('has selectors in any unambiguous encoding', () => {
    expect(read('match[]=up&match%5B%5D=%7Ba%3D%22b+c%22%7D&%6Datch[]={a="%2B%C3%A9"}')).toEqual([
      '{__name__="up"}',
      '{a="b c"}',
      '{a="+é"}',
    ]);
  });

  it.each([
    ['', /name what you want/],
    ['match[]', /only parameter/],
    ['match=up', /only parameter/],
    ['match[]=up&time=1', /only parameter/],
    ['match[]=up&', /only parameter/],
    ['&match[]=up', /only parameter/],
    ['MATCH[]=up', /only parameter/],
    ['match[0]=up', /only parameter/],
    ['match[]%00=up', /only parameter/],
    ['match%255B%255D=up', /only parameter/],
    ['match[]=up;match[]=x', /not encoded correctly/],
    ['match[]=up#x', /not encoded correctly/],
    ['match[]=%', /not encoded correctly/],
    ['match[]=%zz', /not encoded correctly/],
    ['match[]=%u0041', /not encoded correctly/],
    ['match[]=é', /not encoded correctly/],
    ['match[]=%c0%af', /not UTF-8/],
    ['match[]=%ed%a0%80', /not UTF-8/],
    ['match[]=%ff', /not UTF-8/],
    ['match[]=', /not a series selector/],
    ['match[]=sum(up)', /only a series selector/],
    ['match[]={a=~"("}', /RE2/],
    [Array.from({ length: 21 }, () => 'match[]=up').join('&'), /at most 20/],
  ])('%j is refused', (query, message) => {
    expect(() => selectorsOf(query)).toThrow(message);
    expect(statusOf(() => selectorsOf(query))).toBe(400);
  });
});

describe('gzip', () => {
  it.each([
    ['gzip', true],
    ['deflate, GZIP;q=0.5', true],
    ['x-gzip', true],
    ['gzip;q=0', false],
    ['gzip; q=0.000', false],
    ['gzip;q=0.001', true],
    ['gzip;q=.050', true],
    ['gzip;q=0.000', false],
    ['gzip;q=0.0x1', false],
    ['identity', false],
    ['gzipped', false],
  ])('%s: %s', (value, accepted) => {
    expect(acceptsGzip(head('/federate', { rawHeaders: ['Accept-Encoding', value] }))).toBe(accepted);
  });
});
