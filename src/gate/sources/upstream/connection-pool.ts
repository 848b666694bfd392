import { Connection } from './connection.ts';

/** Prometheus keeps an idle connection for five minutes. */
const KEPT_MS = 60_000;

/** The open connections to one server, and the idle ones among them. */
export class ConnectionPool {
  readonly #origin: URL;
  readonly #connectTimeoutMs: number;
  readonly #open = new Set<Connection>();
  readonly #idle: { connection: Connection; timer: NodeJS.Timeout }[] = [];

  constructor(origin: URL, connectTimeoutMs: number) {
    this.#origin = origin;
    this.#connectTimeoutMs = connectTimeoutMs;
  }

  open(): Connection {
    const connection = new Connection({
      origin: this.#origin,
      connectTimeoutMs: this.#connectTimeoutMs,
      onClose: () => this.#open.delete(connection),
    });
    this.#open.add(connection);
    return connection;
  }

  /** Takes the connection that became idle last; undefined where none is idle. */
  takeKept(): Connection | undefined {
    for (let last = this.#idle.pop(); last !== undefined; last = this.#idle.pop()) {
      clearTimeout(last.timer);
      if (!last.connection.destroyed) return last.connection;
    }
    return undefined;
  }

  keep(connection: Connection): void {
    connection.rest();
    this.#idle.push({ connection, timer: setTimeout(() => connection.destroy(), KEPT_MS).unref() });
  }

  close(): void {
    for (const connection of this.#open) connection.destroy();
  }
}
