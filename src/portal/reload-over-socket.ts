import type { IncomingMessage, ServerResponse } from 'node:http';
import { describeError } from '../runtime/user-error.ts';
import { askOverSocket } from './ask-over-socket.ts';
import { withOwnerSocket } from './owner-socket.ts';

const TARGET = { method: 'POST', path: '/reload' };

/** Asks the portal of this data folder to read its configuration again. False if none runs there. Throws `UserError`. */
export async function reloadRunning(dataFolder: string): Promise<boolean> {
  const answered = await withOwnerSocket(dataFolder, async (path) => await askOverSocket(path, TARGET));
  return answered !== undefined;
}

/** Answers a request for a reload. Returns false for any other request. */
export function answerReload(
  { method, url }: IncomingMessage,
  response: ServerResponse,
  reload: () => Promise<void>,
): boolean {
  if (method !== TARGET.method || url !== TARGET.path) return false;
  reload().then(
    () => response.writeHead(204).end(),
    (error: unknown) => response.writeHead(409).end(JSON.stringify({ error: describeError(error) })),
  );
  return true;
}
