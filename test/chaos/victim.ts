import { onTestFinished } from 'vitest';
import type { Running } from '../support/processes.ts';
import { log } from './log.ts';

const RESTART_MS = 200;

/** A process that is started again whenever it ends, as a service manager does; until the test says that it is to stay ended. */
export class Victim {
  readonly #name: string;
  readonly #start: () => Running;
  #running: Running;
  #ended = false;
  #kept: Promise<void>;

  constructor(name: string, start: () => Running) {
    this.#name = name;
    this.#start = start;
    this.#running = start();
    this.#kept = this.#keepRunning();
    onTestFinished(async () => await this.end('SIGKILL'));
  }

  kill(): void {
    this.#running.send('SIGKILL');
  }

  /** Lets it stand still for a while. */
  pause(durationMs: number): void {
    const running = this.#running;
    running.send('SIGSTOP');
    setTimeout(() => running.send('SIGCONT'), durationMs);
  }

  /** Ends it for good, in order where the signal is not another. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.#ended = true;
    this.#running.send('SIGCONT');
    await this.#running.stop(signal);
    await this.#kept;
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
