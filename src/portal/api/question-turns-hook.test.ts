import { once } from 'node:events';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { fastify, type FastifyRequest } from 'fastify';
import { expect, it, onTestFinished } from 'vitest';
import { answerErrors } from './errors.ts';
import { isQuestion, takeTurns } from './question-turns-hook.ts';
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

it.each(['usage', 'charges', 'grants/:name', 'price-books', 'price-books/:name', 'corrections'])(
  'counts %s as a question',
  (path) => {
    const request = (method: string) =>
      ({ method, routeOptions: { url: `/api/v1/${path}` } }) as FastifyRequest;
    expect([isQuestion(request('GET')), isQuestion(request('PUT'))]).toEqual([true, false]);
  },
);

it('gives turns before it checks what is asked, and again after a question that is refused', async () => {
  const server = fastify() as unknown as ApiServer;
  onTestFinished(async () => await server.close());
  let turns = 0;
  answerErrors(server);
  server.addHook('onRequest', async (request) =>
    setAsker(request, { who: 'person ada', by: 'session', rights: [], person: 'ada' }),
  );
  takeTurns(server);
  server.addHook('preValidation', async () => void (turns += 1));
  server.setValidatorCompiler(() => () => {
    throw new Error('checked before its turn');
  });
  server.post('/api/v1/charges/what-if', { schema: { body: {} } }, async () => ({}));
  const ask = async () =>
    await server.inject({ method: 'POST', url: '/api/v1/charges/what-if', payload: {} });
  for (let time = 0; time < 5; time++) expect((await ask()).statusCode).not.toBe(200);
  expect(turns).toBe(5);
});

it('keeps no turn for a client that left while the portal found out who asks', async () => {
  const server = fastify() as unknown as ApiServer;
  onTestFinished(async () => await server.close());
  let left = 0;
  answerErrors(server);
  server.addHook('onRequest', async (request, reply) => {
    if (request.headers['x-leaves'] !== undefined) {
      await once(reply.raw, 'close');
      left += 1;
    }
    setAsker(request, { who: 'person ada', by: 'session', rights: [], person: 'ada' });
  });
  takeTurns(server);
  server.get('/api/v1/usage', async () => ({ data: [] }));
  await server.listen({ host: '127.0.0.1', port: 0 });
  const { port } = server.server.address() as AddressInfo;

  for (let client = 1; client <= 3; client++) {
    const socket = connect(port, '127.0.0.1');
    socket.write('GET /api/v1/usage HTTP/1.1\r\nhost: portal\r\nx-leaves: 1\r\n\r\n');
    socket.resetAndDestroy();
    socket.on('error', () => undefined);
    await expect.poll(() => left).toBe(client);
  }
  const { status } = await fetch(`http://127.0.0.1:${port}/api/v1/usage`);
  expect(status).toBe(200);
});
