import pLimit from 'p-limit';
import { bodyDecoder, type BodyDecoder } from './body-decoder.ts';
import { type Connection, ConnectionError } from './connection.ts';
import { ConnectionPool } from './connection-pool.ts';
import { framingOf, isKept, parseResponseHead, ResponseError } from './response-head.ts';

export interface UpstreamLimits {
  connectTimeoutMs: number;
  /** Time until the head of the answer. */
  firstByteTimeoutMs: number;
  /** Time between two pieces of the answer. */
  idleTimeoutMs: number;
}

interface UpstreamRequest {
  method: 'GET' | 'POST';
  /** Path and query. */
  target: string;
  headers: Readonly<Record<string, string>>;
  body?: Uint8Array | undefined;
}

/** An answer with status 200 that states where it ends. */
export interface UpstreamAnswer {
  headers: ReadonlyMap<string, string>;
  /** Bytes of the body; undefined where the answer does not announce them. */
  length: number | undefined;
  /**
   * The body as it comes, without framing. The next piece reuses the memory of a piece. Throws unless the body is
   * whole.
   */
  body: AsyncIterable<Buffer>;
}

const MAX_CONNECTIONS = 64;
const MAX_HEAD_BYTES = 16_384;

/** A server that the gate asks over HTTP/1.1, on connections that it keeps. */
export class Upstream {
  readonly #origin: URL;
  readonly #limits: UpstreamLimits;
  readonly #connections: ConnectionPool;
  readonly #inTurn = pLimit(MAX_CONNECTIONS);

  constructor(origin: URL, limits: UpstreamLimits) {
    this.#origin = origin;
    this.#limits = limits;
    this.#connections = new ConnectionPool(origin, limits.connectTimeoutMs);
  }

  /** Sends a request and gives the answer to `use`. Leaves no connection half read, however `use` ends. */
  async ask(
    request: UpstreamRequest,
    signal: AbortSignal,
    use: (answer: UpstreamAnswer) => Promise<void>,
  ): Promise<void> {
    const bytes = requestBytes(this.#origin, request);
    await this.#inTurn(async () => {
      signal.throwIfAborted();
      const start = await this.#send(bytes, signal);
      if (await answered(start, signal, this.#limits, use)) this.#connections.keep(start.connection);
    });
  }

  close(): void {
    this.#connections.close();
  }

  async #send(request: Buffer, signal: AbortSignal): Promise<AnswerStart> {
    const kept = this.#connections.takeKept();
    try {
      if (kept) return await firstBytes(kept, request, signal, this.#limits);
    } catch (error) {
      // The server may have closed the kept connection at that moment. It has answered nothing, and a request changes
      // nothing there, so the request is sent again.
      if (!(error instanceof ConnectionError) || signal.aborted) throw error;
    }
    return await firstBytes(this.#connections.open(), request, signal, this.#limits);
  }
}

/** A connection, and the first bytes of an answer on it. */
interface AnswerStart {
  connection: Connection;
  bytes: Buffer;
}

function requestBytes({ host }: URL, { method, target, headers, body }: UpstreamRequest): Buffer {
  const length = body === undefined ? {} : { 'content-length': String(body.length) };
  const fields = Object.entries({ host, ...headers, ...length }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  const head = Buffer.from(`${method} ${target} HTTP/1.1\r\n${fields.join('')}\r\n`, 'latin1');
  return body === undefined ? head : Buffer.concat([head, body]);
}

async function firstBytes(
  connection: Connection,
  request: Buffer,
  signal: AbortSignal,
  { firstByteTimeoutMs }: UpstreamLimits,
): Promise<AnswerStart> {
  const abort = () => connection.destroy();
  signal.addEventListener('abort', abort, { once: true });
  try {
    connection.write(request);
    return { connection, bytes: await connection.next(firstByteTimeoutMs) };
  } catch (error) {
    connection.destroy();
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Gives the answer to `use`. Resolves with true if the connection can carry another answer. */
async function answered(
  { connection, bytes }: AnswerStart,
  signal: AbortSignal,
  limits: UpstreamLimits,
  use: (answer: UpstreamAnswer) => Promise<void>,
): Promise<boolean> {
  const { promise: aborted, end } = rejectedOnAbort(signal);
  const work = async () => {
    const { head, rest } = await readHead(connection, bytes, limits.firstByteTimeoutMs);
    if (head.status !== 200) throw new ResponseError(`the status ${head.status}`);
    const framing = framingOf(head);
    const decoder = bodyDecoder(framing);
    const length = framing.kind === 'length' ? framing.bytes : undefined;
    await use({
      headers: head.headers,
      length,
      body: bodyOf(connection, rest, decoder, limits.idleTimeoutMs),
    });
    return decoder.ended() && isKept(head);
  };
  let kept = false;
  try {
    return (kept = await Promise.race([work(), aborted]));
  } finally {
    end();
    if (!kept) connection.destroy();
  }
}

function rejectedOnAbort(signal: AbortSignal): { promise: Promise<never>; end: () => void } {
  let end = () => {};
  const promise = new Promise<never>((_, reject) => {
    const abort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    end = () => signal.removeEventListener('abort', abort);
  });
  return { promise, end };
}

async function readHead(connection: Connection, first: Buffer, timeoutMs: number) {
  let bytes = first;
  for (;;) {
    const end = bytes.indexOf('\r\n\r\n');
    if (end > MAX_HEAD_BYTES || (end === -1 && bytes.length > MAX_HEAD_BYTES))
      throw new ResponseError('a head that is too long');
    if (end !== -1)
      return { head: parseResponseHead(bytes.toString('latin1', 0, end)), rest: bytes.subarray(end + 4) };
    // The next bytes reuse this memory.
    const before = Buffer.from(bytes);
    bytes = Buffer.concat([before, await connection.next(timeoutMs)]);
  }
}

async function* bodyOf(
  connection: Connection,
  first: Buffer,
  decoder: BodyDecoder,
  timeoutMs: number,
): AsyncGenerator<Buffer> {
  let bytes = first;
  for (;;) {
    const piece = decoder.take(bytes);
    if (piece.length > 0) yield piece;
    if (decoder.ended()) return;
    bytes = await connection.next(timeoutMs);
  }
}
