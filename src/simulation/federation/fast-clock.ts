import type { Clock } from '../../runtime/clock.ts';

/**
 * A clock that stands still until `set()` changes it, and becomes the real clock after `release()`. No sleep ends before
 * that: the loops of roles wait, and the caller of `set()` starts their work.
 */
export class FastClock implements Clock {
  readonly #real: Clock;
  readonly #released: Promise<void>;
  #wake = (): void => undefined;
  #setMs: number | undefined;

  constructor(real: Clock) {
    this.#real = real;
    this.#setMs = real.nowMs();
    this.#released = new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  nowMs(): number {
    return this.#setMs ?? this.#real.nowMs();
  }

  async sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    if (this.#setMs === undefined) await this.#real.sleep(durationMs, signal);
    else await Promise.race([this.#released, aborted(signal)]);
  }

  /** Sets the time in Unix milliseconds. */
  set(instantMs: number): void {
    this.#setMs = instantMs;
  }

  /** Starts real time and ends all sleeps. */
  release(): void {
    this.#setMs = undefined;
    this.#wake();
  }
}

function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) resolve();
    else signal?.addEventListener('abort', () => resolve(), { once: true });
  });
}
