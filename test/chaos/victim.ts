import { onTestFinished } from 'vitest';
import type { Running } from '../support/processes.ts';
import { log } from './log.ts';

const RESTART_MS = 200;

/** A process that is restarted whenever it ends, like a service, until the test ends it. */
export class Victim {
  readonly #name: string;
  readonly #start: () => Running;
  #running: Running;
  #ended = false;
  readonly #keptRunning: Promise<void>;

  constructor(name: string, start: () => Running) {
    this.#name = name;
    this.#start = start;
    this.#running = start();
    this.#keptRunning = this.#keepRunning();
    onTestFinished(async () => await this.end('SIGKILL'));
  }

  kill(): void {
    this.#running.send('SIGKILL');
  }

  /** Stops the process for a while, without an end. */
  pause(durationMs: number): void {
    const running = this.#running;
    running.send('SIGSTOP');
    setTimeout(() => running.send('SIGCONT'), durationMs);
  }

  /** Ends the process for good. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.#ended = true;
    this.#running.send('SIGCONT');
    await this.#running.stop(signal);
    await this.#keptRunning;
  }

  async #keepRunning(): Promise<void> {
    for (;;) {
      await this.#running.exited;
      log(this.#name, this.#running.output());
      if (this.#ended) return;
      await new Promise((resolve) => setTimeout(resolve, RESTART_MS));
      if (this.#ended) return;
      this.#running = this.#start();
    }
  }
}
