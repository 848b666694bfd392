import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Fault } from '../../faults.ts';
import type { Answer } from './exchange.ts';

/** Sends an answer, changed by `fault` if there is one, with `nowMs` in its Date header. */
export function sendAnswer(
  response: ServerResponse,
  { status, headers, body }: Answer,
  nowMs: number,
  fault: Fault | undefined,
): void {
  const html = typeof body === 'string';
  const payload = Buffer.from(fault?.body ?? (html ? body : JSON.stringify(body)));
  response.writeHead(fault?.status ?? status, {
    'Content-Type': html ? 'text/html; charset=UTF-8' : 'application/json',
    'Content-Length': payload.length,
    'x-openstack-request-id': `req-${randomUUID()}`,
    Date: new Date(nowMs).toUTCString(),
    ...headers,
    ...fault?.headers,
  });
  if (fault?.truncateBytes === undefined) response.end(payload);
  else response.write(payload.subarray(0, fault.truncateBytes), () => response.destroy());
}
