/** Another portal has taken over; nothing was written. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
}
