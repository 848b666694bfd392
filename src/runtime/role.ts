/** A part of the federation that runs: exporter, gate, portal, simulated cloud. */
export interface Role {
  /** Resolves when the role serves; throws a `UserError` for what the operator can mend. */
  start(): Promise<void>;
  /** Ends the role in order. May be called twice, and before `start()` has resolved. */
  close(): Promise<void>;
  /** Reads again what can be read again (tokens, certificates, sites). Keeps the old on error, and throws. */
  reload?(): Promise<void>;
}
