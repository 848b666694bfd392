import { createServer, request, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { connect } from 'node:net';
import { Writable } from 'node:stream';
import { onTestFinished } from 'vitest';
import { createGate, type Gate, type GateDependencies } from '../../src/gate/server.ts';
import type { GateConfig } from '../../src/gate/settings/config.ts';
import { systemClock, type Clock } from '../../src/runtime/clock.ts';
import { closeServer, listen } from '../../src/runtime/http/listen.ts';
import { createLogger } from '../../src/runtime/logger.ts';

export const LOOPBACK = { host: '127.0.0.1', port: 0 };
export const TOKEN = 'swordfish-swordfish-swordfish-swordfish-swo';
export const USAGE = '{job="project_usages",__name__=~"project_.*_usage"}';

export async function startUpstream(handler: RequestListener): Promise<{ url: URL; close(): Promise<void> }> {
  const server = createServer(handler);
  const { port } = await listen(server, LOOPBACK);
  const close = async () => await closeServer(server, 0);
  onTestFinished(close);
  return { url: new URL(`http://127.0.0.1:${port}`), close };
}

export interface StartedGate {
  gate: Gate;
  /** The gate's log so far. */
  log: () => string;
  get: (path: string, headers?: Record<string, string>) => Promise<Answer>;
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
  text: string;
  /** False if the answer broke off. */
  complete: boolean;
}

export async function startGate(
  config: Partial<GateConfig>,
  clock: Clock = systemClock,
  more: Partial<GateDependencies> = {},
): Promise<StartedGate> {
  let lines = '';
  const destination = new Writable({
    write: (chunk: Buffer, _, done) => {
      lines += chunk.toString();
      done();
    },
  });
  const gate = createGate(
    {
      listen: LOOPBACK,
      authToken: TOKEN,
      source: { kind: 'exporter', url: new URL('http://127.0.0.1:1') },
      ...config,
    },
    { clock, logger: createLogger({ destination, pretty: false }), ...more },
  );
  onTestFinished(async () => await gate.close());
  await gate.start();
  const authorization = `Bearer ${TOKEN}`;
  return {
    gate,
    log: () => lines,
    get: async (path, headers = {}) =>
      await get(`http://127.0.0.1:${gate.address.port}${path}`, { authorization, ...headers }),
  };
}

export async function get(
  url: string,
  headers: Record<string, string>,
  ca?: string,
  client?: { cert: string; key: string },
): Promise<Answer> {
  const options = { headers, agent: false as const, ...(ca === undefined ? {} : { ca }), ...client };
  return await new Promise((resolve, reject) => {
    const outgoing = (url.startsWith('https') ? tlsRequest : request)(url, options, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', () => undefined);
      incoming.on('close', () => {
        const body = Buffer.concat(chunks);
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          body,
          text: body.toString(),
          complete: incoming.complete,
        });
      });
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

/** Writes bytes to the gate; resolves with the bytes that come back until the gate closes the connection. */
export async function sendRaw({ gate }: StartedGate, bytes: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    const socket = connect(gate.address.port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
  });
}

export const federate = (...selectors: string[]) =>
  `/federate?${selectors.map((selector) => `match%5B%5D=${encodeURIComponent(selector)}`).join('&')}`;

export const plainText = { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' };

/** A clock that only `set` moves. */
export function settableClock(nowMs: number): Clock & { set(nowMs: number): void } {
  let now = nowMs;
  return { ...systemClock, nowMs: () => now, set: (to) => (now = to) };
}
