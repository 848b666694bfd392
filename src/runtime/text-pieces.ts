/** Pieces are about this long: short beside the text, long beside what a write costs. */
const PIECE_LENGTH = 64 * 1024;

/** A long text in pieces, made from its many short parts, so that it need not be held as one string. */
export function* textPieces(parts: Iterable<string>, pieceLength = PIECE_LENGTH): Generator<string> {
  let piece = '';
  for (const part of parts) {
    piece += part;
    if (piece.length < pieceLength) continue;
    yield piece;
    piece = '';
  }
  if (piece !== '') yield piece;
}
