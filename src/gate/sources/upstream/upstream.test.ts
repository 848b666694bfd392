import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { listen } from '../../../runtime/http/listen.ts';
import { makeSelfSigned } from '../../settings/self-signed.ts';
import { Upstream } from './upstream.ts';

const LIMITS = { connectTimeoutMs: 5000, firstByteTimeoutMs: 30_000, idleTimeoutMs: 30_000 };
const NEVER = new AbortController().signal;
const answer = (body: string, more = '') =>
  `HTTP/1.1 200 OK\r\n${more}content-length: ${body.length}\r\n\r\n${body}`;

/** Serves bytes: `onRequest` is called for each request, with the connection's number and the request's within it. */
async function serve(
  onRequest: (socket: Socket, connection: number, request: number) => void,
  make: (onSocket: (socket: Socket) => void) => Server = createServer,
): Promise<{ port: number; connections: () => number }> {
  let connections = 0;
  const sockets = new Set<Socket>();
  const server = make((socket) => {
    const connection = ++connections;
    let request = 0;
    sockets.add(socket.on('error', () => undefined));
    socket.on('data', () => onRequest(socket, connection, ++request));
  });
  const { port } = await listen(server, { host: '127.0.0.1', port: 0 });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port, connections: () => connections };
}

function asking(url: string, limits = LIMITS): (signal?: AbortSignal) => Promise<string> {
  const upstream = new Upstream(new URL(url), limits);
  onTestFinished(() => upstream.close());
  return async (signal = NEVER) => {
    let text = '';
    const request = { method: 'GET' as const, target: '/', headers: {} };
    await upstream.ask(request, signal, async ({ body }) => {
      for await (const piece of body) text += piece.toString();
    });
    return text;
  };
}

/** Writes characters one by one, so that each arrives by itself. */
async function writeInPieces(socket: Socket, text: string): Promise<void> {
  for (const byte of text) {
    socket.write(byte);
    await nextTurn();
  }
}

describe('an upstream', () => {
  it('answers on one connection again and again, and on a new one after it announces the end of the first', async () => {
    const { port, connections } = await serve((socket, connection, request) =>
      socket.write(answer(`${connection}.${request}`, request === 2 ? 'connection: close\r\n' : '')),
    );
    const ask = asking(`http://127.0.0.1:${port}`);
    expect([await ask(), await ask(), await ask()]).toEqual(['1.1', '1.2', '2.1']);
    expect(connections()).toBe(2);
  });

  it('is asked again if it closes a kept connection before its answer, but not after an answer has started', async () => {
    const { port } = await serve((socket, connection, request) => {
      if (request === 1) socket.write(answer(`${connection}`));
      else if (connection === 1) socket.destroy();
      else socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx');
    });
    const ask = asking(`http://127.0.0.1:${port}`);
    expect([await ask(), await ask()]).toEqual(['1', '2']);
    await expect(ask()).rejects.toThrow('the connection has ended');
  });

  it('cannot answer a request before it is sent', async () => {
    const asked: Socket[] = [];
    const { port } = await serve((socket, connection) => {
      asked.push(socket);
      socket.write(answer(`${connection}`));
    });
    const ask = asking(`http://127.0.0.1:${port}`);
    expect(await ask()).toBe('1');
    asked[0]?.write(answer('forged'));
    await once(asked[0] as Socket, 'close');
    expect(await ask()).toBe('2');
  });

  it('may send the head in pieces, but not without end', async () => {
    const { port } = await serve((socket, connection) => {
      if (connection === 2) socket.write(`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(20_000)}`);
      else void writeInPieces(socket, answer('whole'));
    });
    const one = asking(`http://127.0.0.1:${port}`);
    expect(await one()).toBe('whole');
    await expect(asking(`http://127.0.0.1:${port}`)()).rejects.toThrow('a head that is too long');
  });

  it('may be slow up to a limit, before the answer and within the answer', async () => {
    const { port } = await serve((socket, connection) => {
      if (connection === 2) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx');
    });
    const ask = asking(`http://127.0.0.1:${port}`, { ...LIMITS, firstByteTimeoutMs: 50, idleTimeoutMs: 60 });
    await expect(ask()).rejects.toThrow('nothing came for 50 ms');
    await expect(ask()).rejects.toThrow('nothing came for 60 ms');
  });

  it('is not waited for after the client is gone', async () => {
    const { port } = await serve((socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx'));
    const abort = new AbortController();
    const upstream = new Upstream(new URL(`http://127.0.0.1:${port}`), LIMITS);
    onTestFinished(() => upstream.close());
    const request = { method: 'GET' as const, target: '/', headers: {} };
    const asked = upstream.ask(request, abort.signal, async ({ body }) => {
      for await (const _ of body) abort.abort(new Error('the client is gone'));
    });
    await expect(asked).rejects.toThrow('the client is gone');
  });

  it('is found by its name on each of its addresses', async () => {
    const { port } = await serve((socket) => socket.write(answer('here')));
    expect(await asking(`http://localhost:${port}`)()).toBe('here');
  });

  it('is refused over TLS without a certificate of a known CA', async () => {
    const options = await makeSelfSigned('localhost', Date.now());
    const { port } = await serve(
      (socket) => socket.write(answer('secret')),
      (onSocket) => createTlsServer(options, onSocket),
    );
    await expect(asking(`https://localhost:${port}`)()).rejects.toThrow(/self-signed certificate/);
  });
});
