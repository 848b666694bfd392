import type { WriteLimits } from '../../prometheus/remote/remote-write.ts';

/** More may not wait to be folded. */
export interface WaitingLimits {
  /** At the portal that folds. */
  maxWaitingSamples: number;
  /** Memory of these, about, with what the inbox holds of them. */
  maxRoomBytes: number;
  /** In the inbox, for a portal that leaves folding to another. */
  maxWaitingBytes: number;
}

/** What the portal takes of one request, and holds of all that are not folded yet. */
export const WRITE_LIMITS: WriteLimits & { maxBodyBytes: number } & WaitingLimits = {
  maxBodyBytes: 16 * 1024 * 1024,
  maxBytes: 64 * 1024 * 1024,
  maxSamples: 500_000,
  maxWaitingSamples: 1_000_000,
  maxRoomBytes: 256 * 1024 * 1024,
  maxWaitingBytes: 256 * 1024 * 1024,
};
