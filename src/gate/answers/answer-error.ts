/** An answer holds series that must not leave the site, or is not in a known format. The message shows no names. */
export class AnswerError extends Error {
  override readonly name = 'AnswerError';
}
