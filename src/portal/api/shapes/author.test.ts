import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { describe, expect, it } from 'vitest';
import { authorOf } from './author.ts';
import { ProblemError } from './request-error.ts';

const raw = {} as IncomingMessage;
const SOCKET = { ownerRequests: new WeakSet([raw]), localWrites: false };
const LOOPBACK = { localWrites: true };
const JSON_BODY = { 'content-type': 'application/json; charset=utf-8', host: '127.0.0.1:8000' };

function answer(headers: Record<string, string>, rights: Parameters<typeof authorOf>[1], method = 'PUT') {
  try {
    return authorOf({ raw, method, headers } as unknown as FastifyRequest, rights);
  } catch (error) {
    if (error instanceof ProblemError) return error.statusCode;
    throw error;
  }
}

describe('a change', () => {
  it('over the socket of the owner has the author that the command names', () => {
    const told = (name: string) => ({ 'stackmeter-author': Buffer.from(name).toString('base64url') });
    expect(answer(told('Käthe'), SOCKET)).toEqual({ author: 'Käthe', origin: 'command' });
    expect(answer(told('a\nb'), SOCKET)).toEqual({ author: 'operator', origin: 'command' });
    expect(answer({}, SOCKET)).toEqual({ author: 'operator', origin: 'command' });
  });

  it('over TCP is that of an operator if the portal listens on loopback only, with any name that it tells', () => {
    const told = { ...JSON_BODY, 'stackmeter-author': 'eve' };
    expect(answer(told, LOOPBACK)).toEqual({ author: 'operator', origin: 'API' });
    expect(answer(told, { localWrites: false })).toBe(403);
    expect(answer(told, {})).toBe(403);
  });

  it.each(['x-forwarded-for', 'forwarded', 'via'])('that came through a proxy (%s) is refused', (name) => {
    expect(answer({ ...JSON_BODY, [name]: '192.0.2.1' }, LOOPBACK)).toBe(403);
  });

  it.each<[string, Record<string, string>, unknown]>([
    ['same site', { 'sec-fetch-site': 'same-origin', origin: 'http://127.0.0.1:8000' }, 'operator'],
    ['another page', { 'sec-fetch-site': 'cross-site' }, 403],
    ['another port', { 'sec-fetch-site': 'same-site' }, 403],
    ['an address in the location bar', { 'sec-fetch-site': 'none' }, 403],
    ['an old browser elsewhere', { origin: 'http://evil.example' }, 403],
    ['a file or a sandbox', { origin: 'null' }, 403],
  ])('of a browser counts from our own pages only: %s', (_, headers, expected) => {
    const result = answer({ ...JSON_BODY, ...headers }, LOOPBACK);
    expect(typeof result === 'number' ? result : result.author).toBe(expected);
  });

  it('has a body of JSON', () => {
    expect(answer({ 'content-type': 'text/plain' }, LOOPBACK)).toBe(415);
    expect(answer({}, LOOPBACK, 'POST')).toBe(415);
    expect(answer({}, LOOPBACK, 'DELETE')).toEqual({ author: 'operator', origin: 'API' });
  });
});
