import type { CloudModel } from '../../model/cloud-model.ts';
import type { SimulatedServices } from './services.ts';
import type { TokenStore } from './tokens.ts';
import type { SimulatedUser } from './users.ts';

/** What the simulated APIs answer from. */
export interface ApiContext {
  model: CloudModel;
  nowMs: number;
  /** The time by the clock of Nova's API, which may be wrong; what it has in its database is stamped by `nowMs`. */
  novaNowMs: number;
  /** Those of Nova's cells whose database does not answer. */
  downCells: ReadonlySet<string>;
  tokens: TokenStore;
  users: readonly SimulatedUser[];
  region: string;
  services: SimulatedServices;
  /** Nova's `[api]max_limit`: servers in one answer. */
  maxLimit: number;
}
