import type { ServerResponse } from 'node:http';

/**
 * Sends a body piece by piece, and ends the answer. Waits for each piece to be written, because the next may reuse its
 * memory.
 */
export async function sendPieces(
  pieces: AsyncIterable<string | Buffer>,
  response: ServerResponse,
): Promise<void> {
  for await (const piece of pieces) if (piece.length > 0) await written(response, piece);
  await new Promise<void>((resolve) => response.end(resolve));
}

async function written(response: ServerResponse, piece: string | Buffer): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    response.write(piece, (error) => (error ? reject(error) : resolve()));
  });
}
