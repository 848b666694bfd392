/** The kind of servers that server hours are about: servers of one flavor in one state. */
export interface ServerKind {
  /** All facts of the flavor, as `flavorLabel` writes them. */
  flavor: string;
  /** Nova's `vm_state`, or `unknown`. */
  state: string;
}

/** The flavor, the state, both or neither. Only the resource `server` has them. */
export interface PartOfServerKind {
  flavor?: string | undefined;
  state?: string | undefined;
}
