import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { systemClock, type Clock } from '../../src/runtime/clock.ts';

/** Simulated time per real time: twelve minutes in a second. */
export const SPEED = 720;

/** Slow time still moves: otherwise a value that is kept for seconds would be kept for ever. */
const SLOW_SPEED = 5;

/** Without this bound, a loop that sleeps for a second would not sleep at all. */
const SHORTEST_SLEEP_MS = 50;

/** `realMs` (Unix milliseconds) is the simulated instant `simulatedMs`. Time is fast until `slowFromMs`, slow after. */
interface Stretch {
  realMs: number;
  simulatedMs: number;
  slowFromMs: number;
}

const sleep: Clock['sleep'] = async (durationMs, signal) =>
  await systemClock.sleep(Math.max(durationMs / SPEED, SHORTEST_SLEEP_MS), signal);

/** The clock of a `FastTime` in another process, by the file that `FastTime` writes. */
export function timeOfFile(file: string): Clock {
  return { nowMs: () => nowIn(JSON.parse(readFileSync(file, 'utf8')) as Stretch), sleep };
}

/**
 * Time that runs fast, and slowly while something has to happen first, so that a busy machine has enough time for it.
 * Sleeps do not slow down: their length depends only on real time.
 */
export class FastTime implements Clock {
  readonly file: string;
  readonly sleep = sleep;
  readonly #stretches: [Stretch, ...Stretch[]];

  /** Time is slow until `goOn` is called. */
  constructor(file: string, startMs: number) {
    this.file = file;
    this.#stretches = [{ realMs: Date.now(), simulatedMs: startMs, slowFromMs: startMs }];
    this.#write();
  }

  nowMs(): number {
    return nowIn(this.#last);
  }

  /** Lets time run fast until `slowFromMs`. */
  goOn(slowFromMs = Number.MAX_SAFE_INTEGER): void {
    this.#stretches.push({ realMs: Date.now(), simulatedMs: this.nowMs(), slowFromMs });
    this.#write();
  }

  /** The real instant of a simulated instant. Before the first stretch, as if time had always been fast. */
  realMs(simulatedMs: number): number {
    const current = this.#stretches.findLast((stretch) => stretch.simulatedMs <= simulatedMs);
    return realIn(current ?? this.#stretches[0], simulatedMs);
  }

  /** The simulated instant of a real instant. */
  simulatedMs(realMs: number): number {
    const current = this.#stretches.findLast((stretch) => stretch.realMs <= realMs);
    return nowIn(current ?? this.#stretches[0], realMs);
  }

  get #last(): Stretch {
    return this.#stretches.at(-1) ?? this.#stretches[0];
  }

  /** Replaces the file at once, because other processes may read it at any instant. */
  #write(): void {
    writeFileSync(`${this.file}.new`, JSON.stringify(this.#last));
    renameSync(`${this.file}.new`, this.file);
  }
}

function nowIn({ realMs, simulatedMs, slowFromMs }: Stretch, nowMs = Date.now()): number {
  const fastMs = Math.max(0, slowFromMs - simulatedMs);
  const passedMs = nowMs - realMs;
  const slowMs = Math.max(0, passedMs - fastMs / SPEED) * SLOW_SPEED;
  return Math.floor(simulatedMs + Math.min(passedMs * SPEED, fastMs) + slowMs);
}

function realIn({ realMs, simulatedMs, slowFromMs }: Stretch, ms: number): number {
  const fastMs = Math.min(ms, Math.max(slowFromMs, simulatedMs)) - simulatedMs;
  return Math.round(realMs + fastMs / SPEED + (ms - simulatedMs - fastMs) / SLOW_SPEED);
}
