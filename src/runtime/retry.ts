import pRetry, { AbortError } from 'p-retry';
import type { Clock } from './clock.ts';

/** A failure that may pass by itself: a broken connection, a 429 or 5xx. The server may have asked for `retryAfterMs`. */
export class TransientError extends Error {
  override readonly name: string = 'TransientError';
  readonly retryAfterMs: number | undefined;

  constructor(message: string, options: { cause?: unknown; retryAfterMs?: number | undefined } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : {});
    this.retryAfterMs = options.retryAfterMs;
  }
}

export interface RetryOptions {
  /** Attempts after the first. */
  retries: number;
  firstDelayMs: number;
  longestDelayMs: number;
  clock: Clock;
  signal?: AbortSignal | undefined;
}

/**
 * Calls `attempt` again after a `TransientError`, with growing, jittered delays that respect `retryAfterMs`. Throws the
 * last error after all retries, and any other error at once.
 */
export async function retryTransient<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  return await pRetry(() => abortUnlessTransient(attempt), {
    retries: options.retries,
    minTimeout: options.firstDelayMs,
    maxTimeout: options.longestDelayMs,
    factor: 2,
    randomize: true,
    ...(options.signal ? { signal: options.signal } : {}),
    onFailedAttempt: async ({ error, retriesLeft }) => {
      const asked = error instanceof TransientError ? error.retryAfterMs : undefined;
      if (asked !== undefined && retriesLeft > 0)
        await options.clock.sleep(Math.min(asked, options.longestDelayMs), options.signal);
    },
  });
}

async function abortUnlessTransient<T>(attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    if (error instanceof TransientError) throw error;
    throw new AbortError(error instanceof Error ? error : new Error(String(error)));
  }
}

/** The delay in milliseconds that a `Retry-After` header asks for, in seconds or as an HTTP date. */
export function parseRetryAfter(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,6}$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}
