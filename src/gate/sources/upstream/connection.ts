import { connect as connectTcp, isIP, type OnReadOpts } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** The connection has ended, or could not be made. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
}

/** The other side took too long. */
export class SlowUpstreamError extends Error {
  override readonly name = 'SlowUpstreamError';
}

/** A connection that is read only when asked: what is not taken waits in the kernel. */
export interface Connection {
  write(bytes: Buffer): void;
  /** The next bytes, in memory that is theirs until the next call. Rejects with `ConnectionError` or `SlowUpstreamError`. */
  next(timeoutMs: number): Promise<Buffer>;
  /** Watches for its end while nobody asks. */
  rest(): void;
  destroy(reason?: Error): void;
  readonly destroyed: boolean;
}

/** One read fills it: the larger, the fewer steps an answer takes. */
const BUFFER_BYTES = 262_144;
const TLS_BUFFER_BYTES = 16_384;

export function openConnection(origin: URL, connectTimeoutMs: number, onClose: () => void): Connection {
  /** What came without being asked for: TLS gives out all that it has unpacked. */
  const arrived: Buffer[] = [];
  let waiting: { take: (bytes: Buffer) => void; fail: (error: Error) => void } | undefined;
  let [resting, failure] = [false, undefined as Error | undefined];
  const onBytes = (count: number, memory: Uint8Array): boolean => {
    const bytes = (memory as Buffer).subarray(0, count);
    // An answer to no question would be taken for that to the next.
    if (resting) socket.destroy();
    if (waiting) waiting.take(bytes);
    else arrived.push(bytes);
    return false;
  };
  const socket = openSocket(origin, onBytes);
  const tooSlow = () => socket.destroy(new SlowUpstreamError(`no connection in ${connectTimeoutMs} ms`));
  const connecting = setTimeout(tooSlow, connectTimeoutMs);
  socket.once('connect', () => clearTimeout(connecting));
  socket.on('error', (error) => (failure = error));
  socket.once('close', () => {
    clearTimeout(connecting);
    waiting?.fail(endOf(failure));
    onClose();
  });
  return {
    write: (bytes) => void socket.write(bytes),
    next: async (timeoutMs) => {
      resting = false;
      const before = arrived.shift();
      if (before) return before;
      if (socket.destroyed) throw endOf(failure);
      return await new Promise<Buffer>((resolve, reject) => {
        const slow = () => socket.destroy(new SlowUpstreamError(`nothing came for ${timeoutMs} ms`));
        const timer = setTimeout(slow, timeoutMs);
        const settled = () => {
          clearTimeout(timer);
          waiting = undefined;
        };
        waiting = {
          take: (bytes) => (settled(), resolve(bytes)),
          fail: (error) => (settled(), reject(error)),
        };
        socket.resume();
      });
    },
    rest: () => {
      resting = true;
      if (arrived.length > 0) socket.destroy();
      else socket.resume();
    },
    destroy: (reason) => void socket.destroy(reason),
    get destroyed() {
      return socket.destroyed;
    },
  };
}

/** Reads into one buffer again and again; over TLS, where a pause comes too late for what is unpacked, into new ones. */
function openSocket({ protocol, hostname, port }: URL, callback: OnReadOpts['callback']) {
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

function endOf(failure: Error | undefined): Error {
  if (failure instanceof SlowUpstreamError) return failure;
  return new ConnectionError(failure?.message ?? 'the connection has ended', { cause: failure });
}
