import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { codeOf } from '../../runtime/user-error.ts';
import type { Refusal } from '../refusal.ts';

/** Sends one line of text as a whole answer. */
export function sendLine(
  response: ServerResponse,
  status: number,
  line: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const body = `${line}\n`;
  const own = {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  };
  response.writeHead(status, Object.assign(own, headers));
  response.end(body);
}

/** Denials of a well-formed request: the connection may carry further requests. */
const KEPT = new Set([401, 403, 429]);

/** Sends a refusal. Ends the connection, unless the refused request was well-formed. */
export function sendRefusal(response: ServerResponse, { status, message, headers }: Refusal): void {
  const kept = KEPT.has(status) && response.req.method === 'GET';
  sendLine(response, status, message, kept ? headers : { ...headers, connection: 'close' });
}

/** Answers a request that is not HTTP, too long or too slow, and ends the connection. */
export function refuseConnection(error: Error, socket: Duplex & { bytesWritten?: number }): void {
  // After an answer, or within one, the client would take a second answer for a part of the first.
  if (!socket.writable || socket.bytesWritten !== 0 || codeOf(error) === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [status, line] = statusOf(error);
  socket.end(
    `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: text/plain; charset=utf-8\r\n` +
      `content-length: ${line.length + 1}\r\n\r\n${line}\n`,
  );
}

function statusOf(error: Error): [status: string, line: string] {
  const code = codeOf(error);
  if (code === 'HPE_HEADER_OVERFLOW')
    return ['431 Request Header Fields Too Large', 'the request is too long'];
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return ['408 Request Timeout', 'the request took too long'];
  return ['400 Bad Request', 'this is not a valid request'];
}
