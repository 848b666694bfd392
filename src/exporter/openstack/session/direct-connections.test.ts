import { createServer, type RequestListener } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished, vi } from 'vitest';
import { closeServer, listen } from '../../../runtime/http/listen.ts';
import { DirectConnections } from './direct-connections.ts';

async function serve(listener: RequestListener): Promise<URL> {
  const server = createServer(listener);
  const { port } = await listen(server, { host: '127.0.0.1', port: 0 });
  onTestFinished(async () => await closeServer(server, 0));
  return new URL(`http://127.0.0.1:${port}/`);
}

function open(connectTimeoutMs?: number) {
  const connections = new DirectConnections({}, connectTimeoutMs);
  onTestFinished(() => connections.destroy());
  return async (url: URL, signal = new AbortController().signal) =>
    await connections.send({ method: 'GET', url, headers: {}, body: undefined, signal });
}

it('asks one after the other on one connection', async () => {
  const ports = new Set<number | undefined>();
  const url = await serve(({ socket }, response) => {
    ports.add(socket.remotePort);
    response.end('{}');
  });
  const send = open();
  for (let count = 0; count < 3; count++) {
    const { body } = await send(url);
    await text(body);
  }
  expect(ports.size).toBe(1);
});

it('asks at the same time on several connections', async () => {
  const waiting: (() => void)[] = [];
  const url = await serve((_, response) => {
    waiting.push(() => response.end('{}'));
    if (waiting.length === 16) for (const answer of waiting) answer();
  });
  const send = open();
  const answers = await Promise.all(Array.from({ length: 16 }, async () => await send(url)));
  expect(answers.map(({ statusCode }) => statusCode)).toEqual(Array(16).fill(200));
});

it('ends an answer that is aborted, also after its headers', async () => {
  const url = await serve((_, response) => response.write('{'));
  const ending = new AbortController();
  const { body } = await open()(url, ending.signal);
  ending.abort();
  await expect(text(body)).rejects.toThrow('aborted');
});

it('gives up a connection that is not ready in time', async () => {
  const server = createTcpServer().listen(0, '127.0.0.1'); // accepts connections, but never speaks TLS
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const answer = open(20)(new URL(`https://127.0.0.1:${port}/`));
  await expect(answer).rejects.toThrow('no connection within 0.02 s');
});

it('waits longer for an answer than for a connection, also in a request that waited for a free one', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const asked: (() => void)[] = [];
  const url = await serve(({ url: path }, response) => {
    if (path === '/last') vi.advanceTimersByTime(60_000);
    asked.push(() => response.end('{}'));
    if (asked.length >= 16) for (const answer of asked) answer();
  });
  const send = open(10_000);
  const read = async (path: string) => await text((await send(new URL(path, url))).body);
  const before = Array.from({ length: 16 }, async () => await read('/'));
  expect(await read('/last')).toBe('{}');
  await Promise.all(before);
});

it('leaves nothing behind at a connection that serves many waiting requests', async () => {
  const warnings: Error[] = [];
  const note = (warning: Error) => void warnings.push(warning);
  process.on('warning', note);
  onTestFinished(() => void process.off('warning', note));
  const url = await serve((_, response) => response.end('{}'));
  const send = open();
  await Promise.all(Array.from({ length: 400 }, async () => await text((await send(url)).body)));
  await new Promise(setImmediate);
  expect(warnings).toEqual([]);
});

it('fails if the server changes the protocol', async () => {
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', () => socket.write('HTTP/1.1 101 Any\r\nConnection: upgrade\r\nUpgrade: any\r\n\r\n'));
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const answer = open()(new URL(`http://127.0.0.1:${port}/`));
  await expect(answer).rejects.toThrow('the connection ended without an answer');
});
