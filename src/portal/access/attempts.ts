import type { Clock } from '../../runtime/clock.ts';
import { networkOf } from '../../runtime/http/client-addresses.ts';

/** Attempts that an address may save up. Somebody who mistypes a token needs a few. */
const MOST = 30;
const PER_MINUTE = 10;
/** An attacker with many addresses must not fill the memory. */
const MOST_ADDRESSES = 10_000;

/** Bounds what each address may try: a token bucket. */
export class Attempts {
  readonly #clock: Clock;
  readonly #left = new Map<string, { attempts: number; atMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether the address may try again. */
  mayTry(address: string | undefined): boolean {
    return this.#leftOf(networkOf(address)) >= 1;
  }

  note(address: string | undefined): void {
    const network = networkOf(address);
    const attempts = Math.max(0, this.#leftOf(network) - 1);
    // The map keeps the order of insertion, so the first key is the one that was quiet for longest.
    this.#left.delete(network);
    this.#left.set(network, { attempts, atMs: this.#clock.nowMs() });
    const [oldest] = this.#left.keys();
    if (this.#left.size > MOST_ADDRESSES && oldest !== undefined) this.#left.delete(oldest);
  }

  #leftOf(network: string): number {
    const { attempts, atMs } = this.#left.get(network) ?? { attempts: MOST, atMs: this.#clock.nowMs() };
    const earned = (Math.max(0, this.#clock.nowMs() - atMs) * PER_MINUTE) / 60_000;
    return Math.min(MOST, attempts + earned);
  }
}
