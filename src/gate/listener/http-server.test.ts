import { connect } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { closeServer, listen } from '../../runtime/http/listen.ts';
import { createHttpServer } from './http-server.ts';

/** A server that waits 300 ms for a head, and 600 for a whole request. */
async function startServer() {
  const server = createHttpServer(
    undefined,
    { perAddress: 8, onRefused: () => undefined },
    (request, response) => {
      request.on('error', () => undefined).resume();
      request.on('end', () => response.end('whole'));
    },
    { headersTimeout: 300, requestTimeout: 600, connectionsCheckingInterval: 50 },
  );
  const { port } = await listen(server, { host: '127.0.0.1', port: 0 });
  onTestFinished(async () => await closeServer(server, 0));
  return port;
}

/**
 * Sends the start at once and then further bytes one by one, without end. Resolves with everything that comes before
 * the server ends the connection.
 */
async function drip(port: number, beginning: string): Promise<string> {
  return await new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    // Written before the connection is made: on a busy machine the first single byte would otherwise come before the start.
    socket.write(beginning);
    const timer = setInterval(() => socket.write('x'), 20);
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearInterval(timer);
      resolve(answer);
    });
  });
}

it.each([
  ['the first line', 'GET /federate?'],
  ['a header', 'GET /federate HTTP/1.1\r\nHost: x\r\nX: '],
  ['a body', 'POST /api/v1/read HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n'],
])(
  'a client that sends %s too slowly gets an answer that says so, and its connection ends',
  async (_, beginning) => {
    expect(await drip(await startServer(), beginning)).toMatch(
      /^HTTP\/1\.1 408 Request Timeout\r\nconnection: close\r\n[^]*\r\n\r\nthe request took too long\n$/,
    );
  },
);
