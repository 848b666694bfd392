import { Agent, request, type ClientRequest, type IncomingMessage } from 'node:http';
import { Agent as TlsAgent, request as requestTls } from 'node:https';
import type { SecureContextOptions } from 'node:tls';
import type { IncomingAnswer, OutgoingRequest } from './http.ts';

/**
 * More than all readers use at the same time: services may share an address, and a hanging service must not delay
 * another.
 */
export const CONNECTIONS = 16;
export const CONNECT_TIMEOUT_MS = 10_000;
/** Many servers close a connection that is idle for 5 s. A request at that instant would fail. */
const IDLE_MS = 4_000;

export interface TlsOptions extends SecureContextOptions {
  rejectUnauthorized?: boolean;
}

/** Connections without a proxy. They stay open for the next request. */
export class DirectConnections {
  readonly #connectTimeoutMs: number;
  readonly #plain: Agent;
  readonly #tls: TlsAgent;

  constructor(tls: TlsOptions = {}, connectTimeoutMs = CONNECT_TIMEOUT_MS) {
    this.#connectTimeoutMs = connectTimeoutMs;
    const options = { keepAlive: true, maxSockets: CONNECTIONS, timeout: IDLE_MS };
    this.#plain = new Agent(options);
    this.#tls = new TlsAgent({ ...options, ...tls });
  }

  /** Returns the answer when its headers are here. Rejects with the connection's error. */
  async send({ url, body, ...options }: OutgoingRequest): Promise<IncomingAnswer> {
    const isTls = url.protocol === 'https:';
    const sent = isTls
      ? requestTls(url, { ...options, agent: this.#tls })
      : request(url, { ...options, agent: this.#plain });
    limitConnecting(sent, isTls ? 'secureConnect' : 'connect', this.#connectTimeoutMs);
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      sent.on('response', resolve);
      sent.on('error', reject); // also after the headers, where the body reports the error, too
      // Without an error after an upgrade that nobody asked for: no signal ends such a request.
      sent.on('close', () => reject(new Error('the connection ended without an answer')));
      sent.end(body);
    });
    return { statusCode: response.statusCode ?? 0, headers: response.headers, body: response };
  }

  /** Closes all connections, also busy ones. */
  destroy(): void {
    this.#plain.destroy();
    this.#tls.destroy();
  }
}

/** Gives up a new connection that is not ready in time. */
function limitConnecting(sent: ClientRequest, ready: 'connect' | 'secureConnect', timeoutMs: number): void {
  sent.once('socket', (socket) => {
    // A request that waited for a free connection is not marked as one that uses it again.
    if (!socket.connecting) return;
    const tooSlow = () => sent.destroy(new Error(`no connection within ${timeoutMs / 1000} s`));
    const timer = setTimeout(tooSlow, timeoutMs);
    for (const event of [ready, 'close']) socket.once(event, () => clearTimeout(timer));
  });
}
