import type { ServerResponse } from 'node:http';

/** Sends a body as it comes, and ends the answer. A piece is asked for when the one before has been taken: its memory may be the same. */
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
