import pLimit, { type LimitFunction } from 'p-limit';
import type { Clock } from '../../runtime/clock.ts';
import { Refusal } from '../refusal.ts';

/** What one token may ask for. */
export interface TokenLimits {
  /** Requests that arrive faster than this are refused once as many have been saved up for. */
  requestsPerMinute: number;
  /** Answers at the same time. */
  concurrency: number;
}

export const DEFAULT_LIMITS: TokenLimits = { requestsPerMinute: 600, concurrency: 8 };

interface Use {
  /** Requests that are left. */
  left: number;
  atMs: number;
  inFlight: number;
  readInTurn: LimitFunction;
}

/** Counts what each token uses, by its name: old and new token of a rotation share one account. */
export interface Limiter {
  /** Counts a request, or one that costs as much as several; throws a `Refusal` (429) where it is one too many. */
  count(name: string, limits: TokenLimits, requests?: number): void;
  /** Counts an answer that begins; the result ends it. Throws a `Refusal` (429). */
  begin(name: string, limits: TokenLimits): () => void;
  /** Does the work of a remote read once those of the same token that began before are done. */
  readInTurn(name: string, limits: TokenLimits, work: () => Promise<void>): Promise<void>;
}

export function createLimiter(clock: Clock): Limiter {
  const uses = new Map<string, Use>();
  const useOf = (name: string, { requestsPerMinute }: TokenLimits): Use => {
    const nowMs = clock.nowMs();
    const use = uses.get(name) ?? {
      left: requestsPerMinute,
      atMs: nowMs,
      inFlight: 0,
      readInTurn: pLimit(1),
    };
    uses.set(name, use);
    const earned = (Math.max(0, nowMs - use.atMs) * requestsPerMinute) / 60_000;
    use.left = Math.min(requestsPerMinute, use.left + earned);
    use.atMs = nowMs;
    return use;
  };
  return {
    count: (name, limits, requests = 1) => {
      const use = useOf(name, limits);
      // What costs more than can be saved up takes all of it.
      const taken = Math.min(requests, limits.requestsPerMinute);
      if (use.left < taken) throw tooMany('rate', ((taken - use.left) * 60) / limits.requestsPerMinute);
      use.left -= taken;
    },
    begin: (name, limits) => {
      const use = useOf(name, limits);
      if (use.inFlight >= limits.concurrency) throw tooMany('concurrency', 1);
      use.inFlight++;
      return () => void use.inFlight--;
    },
    readInTurn: async (name, limits, work) => await useOf(name, limits).readInTurn(work),
  };
}

function tooMany(reason: 'rate' | 'concurrency', seconds: number): Refusal {
  const line = reason === 'rate' ? 'too many requests' : 'too many requests at the same time';
  return new Refusal(429, line, { reason, headers: { 'retry-after': String(Math.ceil(seconds)) } });
}
