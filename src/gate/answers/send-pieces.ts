import type { ServerResponse } from 'node:http';

/**
 * Sends a body piece by piece, and ends the answer. Waits for each piece to be written, because the next may reuse its
 * memory. A piece may consist of several parts. Rejects when the client is gone.
 */
export async function sendPieces(
  pieces: AsyncIterable<Buffer | readonly (string | Buffer)[]>,
  response: ServerResponse,
): Promise<void> {
  for await (const piece of pieces) await written(response, Buffer.isBuffer(piece) ? [piece] : piece);
  await beforeClose(response, (done) => response.end(done));
}

/** Node.js sends all that is written in one go together. */
async function written(response: ServerResponse, parts: readonly (string | Buffer)[]): Promise<void> {
  await Promise.all(
    parts
      .filter(({ length }) => length > 0)
      .map(async (part) => await beforeClose(response, (done) => response.write(part, done))),
  );
}

/** Node.js never calls back for what it could not write any more. */
async function beforeClose(
  response: ServerResponse,
  work: (done: (error?: Error | null) => void) => void,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const gone = () => reject(new Error('the client is gone'));
    if (response.closed) return gone();
    response.once('close', gone);
    work((error) => {
      response.off('close', gone);
      if (error) reject(error);
      else resolve();
    });
  });
}
