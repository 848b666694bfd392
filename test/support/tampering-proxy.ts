import {
  createServer,
  request,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** Changes the path of a request, or its answer. If `answers` returns undefined, the proxy breaks the connection. */
export interface Tampering {
  asks?: (path: string) => string;
  answers?: (answer: Answer, path: string) => Answer | undefined;
}

/** Starts an HTTP proxy in front of a service, which changes requests and answers as `tamper` tells it. */
export async function startTamperingProxy(service: string) {
  const upstream = new URL(service);
  let tampering: Tampering = {};
  const server = createServer((incoming, outgoing) => {
    forward(incoming, outgoing, upstream, tampering).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    /** The proxy's address, with the service's path. */
    url: `http://127.0.0.1:${port}${upstream.pathname}`,
    tamper: (next: Tampering) => {
      tampering = next;
    },
  };
}

async function forward(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  upstream: URL,
  { asks, answers }: Tampering,
): Promise<void> {
  const path = incoming.url ?? '/';
  const answer = await ask(asks?.(path) ?? path, incoming, upstream);
  const sent = answers === undefined ? answer : answers(answer, path);
  if (sent === undefined) outgoing.destroy();
  else outgoing.writeHead(sent.status, sent.headers).end(sent.body);
}

async function ask(
  path: string,
  { method, headers }: IncomingMessage,
  { hostname, port }: URL,
): Promise<Answer> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    request({ hostname, port, path, method, headers: { ...headers, connection: 'close' } }, resolve)
      .on('error', reject)
      .end();
  });
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return { status: answer.statusCode ?? 502, headers: answer.headers, body: Buffer.concat(chunks) };
}
