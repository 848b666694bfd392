import { fastify } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answerUnchanged } from './unchanged-hook.ts';
import type { ApiServer } from './shapes/api-parts.ts';

let server: ApiServer;
let answer: object;
let version: string | undefined;

beforeEach(() => {
  [answer, version] = [{ data: ['ä'] }, undefined];
  server = fastify();
  answerUnchanged(server);
  for (const url of ['/api/v1/usage', '/api/v1/grants/:name', '/api/v1/me'])
    server.get(url, async (_request, reply) => {
      if (version !== undefined) reply.header('etag', version);
      return await reply.send(answer);
    });
});
afterEach(async () => await server.close());

const ask = async (known?: string, url = '/api/v1/usage', method: 'GET' | 'HEAD' = 'GET') =>
  await server.inject({ url, method, headers: known === undefined ? {} : { 'if-none-match': known } });

describe('an answer to a question', () => {
  it('is 304 for a client that has it, and 200 once it changed', async () => {
    const { headers, body } = await ask();
    const etag = String(headers.etag);
    expect([body, headers['cache-control'], headers.vary]).toEqual([
      '{"data":["ä"]}',
      'private, no-cache',
      'accept-encoding, authorization, cookie',
    ]);
    for (const known of [etag, etag.replace('W/', ''), `"other", ${etag}`, '*']) {
      const unchanged = await ask(known);
      expect([unchanged.statusCode, unchanged.body, unchanged.headers.etag]).toEqual([304, '', etag]);
      expect(unchanged.headers['content-type']).toBeUndefined();
    }
    answer = { data: ['ö'] };
    const changed = await ask(etag);
    expect([changed.statusCode, changed.body]).toEqual([200, '{"data":["ö"]}']);
    expect(changed.headers.etag).not.toBe(etag);
  });

  it.each(['', '"other"', 'W/"other"', 'other', '"', ',', 'W/'])(
    'is 200 for If-None-Match: %s',
    async (known) => {
      expect((await ask(known)).statusCode).toBe(200);
    },
  );

  it('has the ETag for HEAD, too', async () => {
    const { headers } = await ask(undefined, '/api/v1/usage', 'HEAD');
    const again = await ask(String(headers.etag), '/api/v1/usage', 'HEAD');
    expect([headers.etag, again.statusCode]).toEqual([(await ask()).headers.etag, 200]);
  });

  it('keeps an ETag of its route: the version of a grant does not tell whether its balance changed', async () => {
    version = '"3"';
    const { statusCode, headers } = await ask('"3"', '/api/v1/grants/climate');
    expect([statusCode, headers.etag, headers['cache-control']]).toEqual([200, '"3"', undefined]);
  });
});

it('other answers have no ETag', async () => {
  expect((await ask(undefined, '/api/v1/me')).headers.etag).toBeUndefined();
  expect((await ask(undefined, '/api/v1/nowhere')).headers.etag).toBeUndefined();
});
