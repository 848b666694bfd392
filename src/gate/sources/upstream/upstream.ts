import pLimit from 'p-limit';
import { type BodyDecoder, createBodyDecoder } from './body-decoder.ts';
import { type Connection, ConnectionError, openConnection } from './connection.ts';
import { framingOf, isKept, parseResponseHead, ResponseError } from './response-head.ts';

export interface UpstreamLimits {
  connectTimeoutMs: number;
  /** Up to the head of the answer. */
  firstByteTimeoutMs: number;
  /** Between two pieces of the answer. */
  idleTimeoutMs: number;
}

interface UpstreamRequest {
  method: 'GET' | 'POST';
  /** Path and query. */
  target: string;
  headers: Readonly<Record<string, string>>;
  body?: Uint8Array | undefined;
}

/** An answer with status 200 whose end is known. */
export interface UpstreamAnswer {
  headers: ReadonlyMap<string, string>;
  /** Bytes of the body, where the answer announces them. */
  length: number | undefined;
  /** The body as it comes, without framing. Each piece is its taker's until the next is asked for. Ends with an error unless it was whole. */
  body: AsyncIterable<Buffer>;
}

/** A server that is asked over HTTP/1.1, on connections that are kept. */
export interface Upstream {
  /** Asks, and gives the answer to `use`. Nothing of it lies about afterwards, whatever becomes of it. */
  ask(
    request: UpstreamRequest,
    signal: AbortSignal,
    use: (answer: UpstreamAnswer) => Promise<void>,
  ): Promise<void>;
  close(): void;
}

const MAX_CONNECTIONS = 64;
const MAX_HEAD_BYTES = 16_384;
/** Prometheus keeps them for five minutes. */
const KEPT_MS = 60_000;

export function createUpstream(origin: URL, limits: UpstreamLimits): Upstream {
  const inTurn = pLimit(MAX_CONNECTIONS);
  const connections = createConnections(origin, limits.connectTimeoutMs);
  const begin = async (request: Buffer, signal: AbortSignal): Promise<Begun> => {
    const kept = connections.kept();
    try {
      if (kept) return await firstBytes(kept, request, signal, limits);
    } catch (error) {
      // The server may have ended it just then: nothing has been answered, and nothing is changed by asking.
      if (!(error instanceof ConnectionError) || signal.aborted) throw error;
    }
    return await firstBytes(connections.open(), request, signal, limits);
  };
  return {
    ask: async (request, signal, use) => {
      const bytes = requestBytes(origin, request);
      await inTurn(async () => {
        signal.throwIfAborted();
        const begun = await begin(bytes, signal);
        if (await answered(begun, signal, limits, use)) connections.keep(begun.connection);
      });
    },
    close: connections.close,
  };
}

/** A connection on which an answer has begun. */
interface Begun {
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
): Promise<Begun> {
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

/** Gives the answer to `use`; resolves with whether the connection can bring another. */
async function answered(
  { connection, bytes }: Begun,
  signal: AbortSignal,
  limits: UpstreamLimits,
  use: (answer: UpstreamAnswer) => Promise<void>,
): Promise<boolean> {
  const { promise: aborted, end } = rejectedOnAbort(signal);
  const work = async () => {
    const { head, rest } = await readHead(connection, bytes, limits.firstByteTimeoutMs);
    if (head.status !== 200) throw new ResponseError(`the status ${head.status}`);
    const framing = framingOf(head);
    const decoder = createBodyDecoder(framing);
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
    // Its memory is the next bytes'.
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

/** The connections that are open, and those of them that wait for a question. */
function createConnections(origin: URL, connectTimeoutMs: number) {
  const open = new Set<Connection>();
  const idle: { connection: Connection; timer: NodeJS.Timeout }[] = [];
  return {
    open: (): Connection => {
      const connection = openConnection(origin, connectTimeoutMs, () => open.delete(connection));
      open.add(connection);
      return connection;
    },
    kept: (): Connection | undefined => {
      for (let last = idle.pop(); last !== undefined; last = idle.pop()) {
        clearTimeout(last.timer);
        if (!last.connection.destroyed) return last.connection;
      }
      return undefined;
    },
    keep: (connection: Connection): void => {
      connection.rest();
      idle.push({ connection, timer: setTimeout(() => connection.destroy(), KEPT_MS).unref() });
    },
    close: (): void => {
      for (const connection of open) connection.destroy();
    },
  };
}
