import { connect as connectTcp, isIP, type OnReadOpts, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

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

/** A connection that reads only on request: other bytes wait in the kernel. */
export class Connection {
  readonly #socket: Socket;
  /** Bytes that came without a request: TLS hands out everything that it has decrypted. */
  readonly #arrived: Buffer[] = [];
  #reader: Reader | undefined;
  #resting = false;
  #failure: Error | undefined;

  constructor({ origin, connectTimeoutMs, onClose }: ConnectionOptions) {
    this.#socket = openSocket(origin, (count, memory) =>
      this.#onBytes((memory as Buffer).subarray(0, count)),
    );
    const tooSlow = () =>
      this.#socket.destroy(new SlowUpstreamError(`no connection in ${connectTimeoutMs} ms`));
    const connecting = setTimeout(tooSlow, connectTimeoutMs);
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
   * The next bytes. The next call reuses their memory. Rejects with `ConnectionError`, or with `SlowUpstreamError` after
   * `timeoutMs`.
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

  /** Watches for the end of the connection while nobody reads. */
  rest(): void {
    this.#resting = true;
    if (this.#arrived.length > 0) this.#socket.destroy();
    else this.#socket.resume();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #onBytes(bytes: Buffer): boolean {
    // An answer to no request would be taken for the answer to the next one.
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

/** Reads into one buffer again and again. Over TLS each read has a new buffer: a pause comes too late for decrypted bytes. */
function openSocket({ protocol, hostname, port }: URL, callback: OnReadOpts['callback']): Socket {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (protocol === 'https:') {
    const onread = { buffer: () => Buffer.allocUnsafeSlow(TLS_BUFFER_BYTES), callback };
    const name = isIP(host) === 0 ? { servername: host } : {};
    const options = { host, port: Number(port || 443), noDelay: true, onread, ...name };
    return connectTls(options);
  }
  const onread = { buffer: Buffer.allocUnsafeSlow(BUFFER_BYTES), callback };
  return connectTcp({ host, port: Number(port || 80), noDelay: true, onread });
}
