import type { ServerResponse } from 'node:http';

/**
 * Sends a body piece by piece, and ends the answer. Waits for each piece to be written, because the next may reuse its
 * memory. A piece may consist of several parts.
 */
export async function sendPieces(
  pieces: AsyncIterable<Buffer | readonly (string | Buffer)[]>,
  response: ServerResponse,
): Promise<void> {
  for await (const piece of pieces) await written(response, Buffer.isBuffer(piece) ? [piece] : piece);
  await new Promise<void>((resolve) => response.end(resolve));
}

/** Node.js sends all that is written in one go together. */
async function written(response: ServerResponse, parts: readonly (string | Buffer)[]): Promise<void> {
  await Promise.all(
    parts
      .filter(({ length }) => length > 0)
      .map(
        async (part) =>
          await new Promise<void>((resolve, reject) => {
            response.write(part, (error) => (error ? reject(error) : resolve()));
          }),
      ),
  );
}
