import { connect as connectTcp, isIP, type OnReadOpts, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

// The gate has its own HTTP client on sockets, because node:http and undici need much more CPU for a large answer. See
// docs/decisions/0010-an-own-client-to-prometheus.md and 0013-undici-costs-more-than-the-own-client.md.

/** The connection has ended, or could not be made. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
}

/** The upstream server took too long. */
export class SlowUpstreamError extends Error {
  override readonly name = 'SlowUpstreamError';
}

/** One read fills a buffer: the larger the buffer, the fewer steps an answer takes. */
const BUFFER_BYTES = 262_144;
/** A TLS record has at most 16 KiB, and one read returns at most one record. */
const TLS_BUFFER_BYTES = 16_384;

export interface ConnectionOptions {
  origin: URL;
  connectTimeoutMs: number;
  onClose: () => void;
}

interface Reader {
  take: (bytes: Buffer) => void;
  fail: (error: Error) => void;
}

/** A connection that reads only while `next` waits for bytes, or after `rest`. At other times, bytes wait in the kernel. */
export class Connection {
  readonly #socket: Socket;
  /** Bytes that arrived while no `next` waited: TLS passes on all bytes that it has decrypted, even after a pause. */
  readonly #arrived: Buffer[] = [];
  #reader: Reader | undefined;
  /** True after `rest`, until `next`: the connection is idle, and the server must not send anything. */
  #resting = false;
  #failure: Error | undefined;

  constructor({ origin, connectTimeoutMs, onClose }: ConnectionOptions) {
    this.#socket = openSocket(origin, (count, memory) =>
      this.#onBytes((memory as Buffer).subarray(0, count)),
    );
    const tooSlow = () =>
      this.#socket.destroy(new SlowUpstreamError(`no connection in ${connectTimeoutMs} ms`));
    const connecting = setTimeout(tooSlow, connectTimeoutMs);
    // Over TLS, this event comes before the handshake. The time limit of the first `next` then covers the handshake.
    this.#socket.once('connect', () => clearTimeout(connecting));
    this.#socket.on('error', (error) => (this.#failure = error));
    this.#socket.once('close', () => {
      clearTimeout(connecting);
      this.#reader?.fail(this.#endReason());
      onClose();
    });
  }

  get destroyed(): boolean {
    return this.#socket.destroyed;
  }

  write(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /**
   * Waits for bytes from the server and returns them. They are valid until the following call: over plain TCP, it writes
   * into the same memory. Rejects with `ConnectionError`, or with `SlowUpstreamError` if nothing arrives within `timeoutMs`.
   */
  async next(timeoutMs: number): Promise<Buffer> {
    this.#resting = false;
    const before = this.#arrived.shift();
    if (before) return before;
    if (this.#socket.destroyed) throw this.#endReason();
    const slow = () => this.#socket.destroy(new SlowUpstreamError(`nothing came for ${timeoutMs} ms`));
    const timer = setTimeout(slow, timeoutMs);
    try {
      return await new Promise<Buffer>((take, fail) => {
        this.#reader = { take, fail };
        this.#socket.resume();
      });
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Makes the connection idle, after a complete answer. It keeps reading, because Node.js notices only then that the server
   * closes the connection.
   */
  rest(): void {
    this.#resting = true;
    // These bytes came after the end of the answer: see #onBytes.
    if (this.#arrived.length > 0) this.#socket.destroy();
    else this.#socket.resume();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Returns false, which pauses the socket (option `onread` of node:net). */
  #onBytes(bytes: Buffer): boolean {
    // The server sent bytes without a request. The next request would take them for its answer.
    if (this.#resting) this.#socket.destroy();
    const reader = this.#reader;
    this.#reader = undefined;
    if (reader) reader.take(bytes);
    else this.#arrived.push(bytes);
    return false;
  }

  #endReason(): Error {
    if (this.#failure instanceof SlowUpstreamError) return this.#failure;
    return new ConnectionError(this.#failure?.message ?? 'the connection has ended', {
      cause: this.#failure,
    });
  }
}

/**
 * Opens a socket. Over plain TCP, all reads share one buffer. Over TLS, each read has a new buffer: further decrypted bytes
 * arrive in spite of a pause, and would overwrite bytes in use. TLS trusts the authorities of Node.js and of
 * `NODE_EXTRA_CA_CERTS`.
 */
function openSocket({ protocol, hostname, port }: URL, callback: OnReadOpts['callback']): Socket {
  // A URL has brackets around an IPv6 address, and a socket wants none.
  const host = hostname.replace(/^\[|\]$/g, '');
  if (protocol === 'https:') {
    const onread = { buffer: () => Buffer.allocUnsafeSlow(TLS_BUFFER_BYTES), callback };
    // The name for the server to choose its certificate (SNI). TLS forbids an IP address there.
    const name = isIP(host) === 0 ? { servername: host } : {};
    const options = { host, port: Number(port || 443), noDelay: true, onread, ...name };
    return connectTls(options);
  }
  const onread = { buffer: Buffer.allocUnsafeSlow(BUFFER_BYTES), callback };
  return connectTcp({ host, port: Number(port || 80), noDelay: true, onread });
}
