import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { systemClock, type Clock } from '../../src/runtime/clock.ts';

/** Twelve minutes in a second. */
export const SPEED = 720;

/** Not still: what is kept for seconds would be kept for ever. */
const SLOW_SPEED = 5;

/** A loop that rests for a second would not rest at all. */
const SHORTEST_SLEEP_MS = 50;

/** At the real instant `realMs` (Unix milliseconds) it is `simulatedMs`; time goes fast until `slowFromMs`, and slowly after. */
interface Stretch {
  realMs: number;
  simulatedMs: number;
  slowFromMs: number;
}

const sleep: Clock['sleep'] = async (durationMs, signal) =>
  await systemClock.sleep(Math.max(durationMs / SPEED, SHORTEST_SLEEP_MS), signal);

/** The time that a `FastTime` writes into a file, for another process. */
export function timeOfFile(file: string): Clock {
  return { nowMs: () => nowIn(JSON.parse(readFileSync(file, 'utf8')) as Stretch), sleep };
}

/**
 * Time that goes fast, and slowly where something has to happen before it goes on, so that this may take its time on a busy
 * machine. Loops stay fast: a sleep is a matter of real time.
 */
export class FastTime implements Clock {
  readonly file: string;
  readonly sleep = sleep;
  readonly #stretches: [Stretch, ...Stretch[]];

  /** Goes slowly until it is told to go on. */
  constructor(file: string, startMs: number) {
    this.file = file;
    this.#stretches = [{ realMs: Date.now(), simulatedMs: startMs, slowFromMs: startMs }];
    this.#write();
  }

  nowMs(): number {
    return nowIn(this.#last);
  }

  /** Goes fast until then. */
  goOn(slowFromMs = Number.MAX_SAFE_INTEGER): void {
    this.#stretches.push({ realMs: Date.now(), simulatedMs: this.nowMs(), slowFromMs });
    this.#write();
  }

  /** When it was that time; before the beginning, as if time had always gone fast. */
  realMs(simulatedMs: number): number {
    const begun = this.#stretches.findLast((stretch) => stretch.simulatedMs <= simulatedMs);
    return realIn(begun ?? this.#stretches[0], simulatedMs);
  }

  /** What time it was at a real instant. */
  simulatedMs(realMs: number): number {
    const begun = this.#stretches.findLast((stretch) => stretch.realMs <= realMs);
    return nowIn(begun ?? this.#stretches[0], realMs);
  }

  get #last(): Stretch {
    return this.#stretches.at(-1) ?? this.#stretches[0];
  }

  /** As a whole: somebody reads it at any instant. */
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
