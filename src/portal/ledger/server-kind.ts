/** The kind of servers that server hours are about. Only the resource `server` has flavors and states. */
export interface ServerKind {
  /** The flavor of the servers: a label of `flavorLabel`. */
  flavor?: string | undefined;
  /** The state of the servers in Nova, or `unknown`. */
  state?: string | undefined;
}
