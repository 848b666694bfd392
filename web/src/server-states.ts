/** The states of servers: Nova's `vm_state`, or `unknown`. */

export const UNKNOWN_STATE = 'unknown';

/** Nova's states in the order of the pages: from those that use all of a server to those that use little of it. */
const MEANINGS: ReadonlyMap<string, string> = new Map([
  ['active', 'The server runs.'],
  ['building', 'Nova creates the server.'],
  ['resized', 'The server has its new flavor. Its old place stays reserved until the resize is confirmed.'],
  ['rescued', 'The server runs from a rescue image, so that it can be repaired.'],
  ['paused', 'The server stands still. Its memory stays in the memory of the host.'],
  [
    'suspended',
    'The server stands still. Its memory is saved on a disk, and its place on the host stays reserved.',
  ],
  ['stopped', 'The server is shut down. Its place on the host stays reserved.'],
  ['shelved', 'The server is shut down, and an image of it is saved. Its place on the host stays reserved.'],
  [
    'shelved_offloaded',
    'The server is shut down and has left its host. Only its image or its volumes remain.',
  ],
  ['soft-delete', 'The server is deleted, but can still be restored.'],
  ['error', 'An operation of Nova on the server failed. The server may run or not.'],
  [
    UNKNOWN_STATE,
    'Nova’s record did not tell the state: the site could not read it, or it contradicts itself. The time of the servers is counted all the same.',
  ],
]);

const order = [...MEANINGS.keys()];

/** The states with colours of their own (1 to 6). Other states take the colours that are left. */
export const STATE_COLOURS: ReadonlyMap<string, number> = new Map([
  ['active', 1],
  ['stopped', 2],
  ['shelved_offloaded', 3],
  ['suspended', 4],
  ['shelved', 5],
  ['error', 6],
]);

/** `shelved offloaded`. */
export function stateLabel(state: string): string {
  return state.replaceAll(/[_-]/g, ' ');
}

/** One or two sentences; undefined for a state that these pages do not know. */
export function stateMeaning(state: string): string | undefined {
  return MEANINGS.get(state);
}

/** Puts known states in their order, then others by name, and `unknown` last. */
export function compareStates(a: string, b: string): number {
  return rank(a) - rank(b) || a.localeCompare(b);
}

function rank(state: string): number {
  if (state === UNKNOWN_STATE) return order.length;
  const index = order.indexOf(state);
  return index < 0 ? order.length - 1 : index;
}
