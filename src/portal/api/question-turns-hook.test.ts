import { fastify } from 'fastify';
import { expect, it } from 'vitest';
import { answerErrors } from './errors.ts';
import { takeTurns } from './question-turns-hook.ts';
import type { ApiServer } from './shapes/api-parts.ts';
import { setAsker } from './shapes/asker-of.ts';

it('answers 429 to a person with too many questions that wait, and goes on to answer everyone else', async () => {
  const server = fastify() as unknown as ApiServer;
  let finish = (): void => undefined;
  const finished = new Promise<void>((resolve) => (finish = resolve));
  let asked = 0;
  answerErrors(server);
  server.addHook('onRequest', async (request) => {
    const person = String(request.headers['x-person']);
    setAsker(request, { who: `person ${person}`, by: 'session', rights: [], person });
  });
  takeTurns(server);
  server.get('/api/v1/usage', async (request) => {
    asked += 1;
    if (request.headers['x-person'] === 'ada') await finished;
    return { data: [] };
  });
  server.get('/api/v1/me', async () => ({}));
  const ask = async (person: string, url = '/api/v1/usage') =>
    await server.inject({ url, headers: { 'x-person': person } });

  const waiting = Array.from({ length: 53 }, async () => await ask('ada'));
  await expect.poll(() => asked).toBe(3);
  const refused = await ask('ada');
  expect([refused.statusCode, refused.headers['retry-after'], refused.headers['content-type']]).toEqual([
    429,
    '5',
    'application/problem+json; charset=utf-8',
  ]);
  expect([(await ask('bob')).statusCode, (await ask('ada', '/api/v1/me')).statusCode]).toEqual([200, 200]);
  finish();
  const statuses = (await Promise.all(waiting)).map(({ statusCode }) => statusCode);
  expect([statuses.every((status) => status === 200), (await ask('ada')).statusCode]).toEqual([true, 200]);
  await server.close();
});
