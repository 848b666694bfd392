import type { WriteLimits } from '../../prometheus/remote/remote-write.ts';

/** The limits of samples that wait to be folded. */
export interface WaitingLimits {
  /** Samples at the portal that folds. */
  maxWaitingSamples: number;
  /** Bytes of these samples in memory (estimated) and in the inbox. */
  maxRoomBytes: number;
  /** Bytes in the inbox, at a portal that leaves folding to another one. */
  maxWaitingBytes: number;
}

/** The limits of one request, and of all requests that are not folded yet. */
export const WRITE_LIMITS: WriteLimits & { maxBodyBytes: number } & WaitingLimits = {
  maxBodyBytes: 16 * 1024 * 1024,
  maxBytes: 64 * 1024 * 1024,
  maxSamples: 500_000,
  maxWaitingSamples: 2_000_000,
  maxRoomBytes: 256 * 1024 * 1024,
  maxWaitingBytes: 256 * 1024 * 1024,
};
