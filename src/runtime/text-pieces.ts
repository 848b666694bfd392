/** About the length of a piece: much shorter than the text, but long enough that the cost of a write does not matter. */
const PIECE_LENGTH = 64 * 1024;

/** Joins many short parts of a long text into pieces, so that the whole text is never in memory. */
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
