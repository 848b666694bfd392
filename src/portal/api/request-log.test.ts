import { randomBytes } from 'node:crypto';
import { get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable, Writable } from 'node:stream';
import compress from '@fastify/compress';
import { fastify, LogController } from 'fastify';
import { expect, it, onTestFinished } from 'vitest';
import { createLogger } from '../../runtime/logger.ts';
import { requestLog } from './request-log.ts';

interface Line {
  level: string;
  msg: string;
}

/** A server with an endless answer that has started, and the first line of its log. */
async function endlessAnswer() {
  const lines: ((line: Line) => void)[] = [];
  const destination = new Writable({
    write: (chunk: Buffer, _, done) => {
      lines.shift()?.(JSON.parse(chunk.toString()) as Line);
      done();
    },
  });
  const loggerInstance = createLogger({ level: 'debug', pretty: false, destination });
  const logController = new LogController({ disableRequestLogging: true });
  const server = fastify({ loggerInstance, childLoggerFactory: requestLog, logController });
  await server.register(compress, { encodings: ['gzip'], threshold: 0 });
  const answer = new Readable({ read: () => undefined });
  // More than compression buffers.
  answer.push(randomBytes(1_000_000));
  server.get('/', async (_, reply) => await reply.type('text/plain').send(answer));
  onTestFinished(async () => await server.close());
  await server.listen({ host: '127.0.0.1', port: 0 });
  const { port } = server.server.address() as AddressInfo;
  const reader = await new Promise<IncomingMessage>((resolve) =>
    get({ port, headers: { 'accept-encoding': 'gzip' } }, resolve),
  );
  reader.on('error', () => undefined);
  return { answer, reader, line: new Promise<Line>((resolve) => lines.push(resolve)) };
}

it('logs no error if the client leaves', async () => {
  const { reader, line } = await endlessAnswer();
  reader.destroy();
  expect(await line).toMatchObject({ level: 'debug', msg: 'premature close' });
});

it('logs an error if the answer breaks off', async () => {
  const { answer, line } = await endlessAnswer();
  answer.destroy(new Error('the database is gone'));
  expect(await line).toMatchObject({ level: 'error', msg: 'the database is gone' });
});
