import pLimit, { type LimitFunction } from 'p-limit';
import type { Clock } from '../../runtime/clock.ts';
import { Refusal } from '../refusal.ts';

/** Limits of one token. */
export interface TokenLimits {
  /** A token saves up at most this many requests; each request takes one. */
  requestsPerMinute: number;
  /** Answers at the same time. */
  concurrency: number;
}

export const DEFAULT_LIMITS: TokenLimits = { requestsPerMinute: 600, concurrency: 8 };

interface Use {
  /** Requests that the token has saved up. */
  left: number;
  atMs: number;
  inFlight: number;
  readInTurn: LimitFunction;
}

/** Counts the use of each token by its name: the old and the new token of a rotation share one account. */
export class Limiter {
  readonly #clock: Clock;
  readonly #uses = new Map<string, Use>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts a request, or one that costs as much as several. Throws `Refusal` (429) where that is too many. */
  count(name: string, limits: TokenLimits, requests = 1): void {
    const use = this.#useOf(name, limits);
    // A request that costs more than a token can save up takes everything that it has saved.
    const taken = Math.min(requests, limits.requestsPerMinute);
    if (use.left < taken) throw tooMany('rate', ((taken - use.left) * 60) / limits.requestsPerMinute);
    use.left -= taken;
  }

  /** Counts an answer that starts; the returned function ends it. Throws `Refusal` (429). */
  begin(name: string, limits: TokenLimits): () => void {
    const use = this.#useOf(name, limits);
    if (use.inFlight >= limits.concurrency) throw tooMany('concurrency', 1);
    use.inFlight++;
    return () => void use.inFlight--;
  }

  /** Does the work of a remote read after all earlier remote reads of the same token. */
  async readInTurn(name: string, limits: TokenLimits, work: () => Promise<void>): Promise<void> {
    await this.#useOf(name, limits).readInTurn(work);
  }

  #useOf(name: string, { requestsPerMinute }: TokenLimits): Use {
    const nowMs = this.#clock.nowMs();
    let use = this.#uses.get(name);
    if (use === undefined) {
      use = { left: requestsPerMinute, atMs: nowMs, inFlight: 0, readInTurn: pLimit(1) };
      this.#uses.set(name, use);
    }
    const earned = (Math.max(0, nowMs - use.atMs) * requestsPerMinute) / 60_000;
    use.left = Math.min(requestsPerMinute, use.left + earned);
    use.atMs = nowMs;
    return use;
  }
}

function tooMany(reason: 'rate' | 'concurrency', seconds: number): Refusal {
  const line = reason === 'rate' ? 'too many requests' : 'too many requests at the same time';
  return new Refusal(429, line, { reason, headers: { 'retry-after': String(Math.ceil(seconds)) } });
}
