/** A running part of the federation: exporter, gate, portal, simulated cloud. */
export interface Role {
  /** Resolves when the role serves. Throws a `UserError` for problems that the operator can fix. */
  start(): Promise<void>;
  /** Closes the role. May be called twice, and before `start()` has resolved. */
  close(): Promise<void>;
  /** Reads tokens, certificates, sites and the like again. On an error it keeps the old ones and throws. */
  reload?(): Promise<void>;
}
