import type { ApiServer } from './shapes/api-parts.ts';
import type { Untaken } from './shapes/untaken.ts';

const STALLED_MS = 120_000;

/** An answer that is whole keeps memory until its client has taken it: not for one that takes nothing any more. */
export function endSlowClients(server: ApiServer, untaken: Untaken): void {
  server.addHook('onSend', async (_request, { raw }, payload) => {
    if (typeof payload !== 'string' && !Buffer.isBuffer(payload)) return payload;
    raw.setTimeout(STALLED_MS, () => raw.destroy());
    untaken.hold(raw, Buffer.byteLength(payload));
    return payload;
  });
}
