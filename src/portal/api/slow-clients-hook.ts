import type { ApiServer } from './shapes/api-parts.ts';
import type { AnswerMemory } from './shapes/answer-memory.ts';

const STALLED_MS = 120_000;

/** Ends the connection of a client that no longer reads: its complete answer would stay in memory. */
export function endSlowClients(server: ApiServer, answerMemory: AnswerMemory): void {
  server.addHook('onSend', async (_request, { raw }, payload) => {
    if (typeof payload !== 'string' && !Buffer.isBuffer(payload)) return payload;
    raw.setTimeout(STALLED_MS, () => raw.destroy());
    answerMemory.hold(raw, Buffer.byteLength(payload));
    return payload;
  });
}
