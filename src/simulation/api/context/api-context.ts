import type { CloudModel } from '../../model/cloud-model.ts';
import type { SimulatedServices } from './services.ts';
import type { TokenStore } from './tokens.ts';
import type { SimulatedUser } from './users.ts';

/** Everything that the simulated APIs need for an answer. */
export interface ApiContext {
  model: CloudModel;
  nowMs: number;
  /** The time of the clock of Nova's API, which may be wrong. Times in Nova's database are based on `nowMs`. */
  novaNowMs: number;
  /** Nova's cells whose database does not answer. */
  downCells: ReadonlySet<string>;
  tokens: TokenStore;
  users: readonly SimulatedUser[];
  region: string;
  services: SimulatedServices;
  /** Nova's `[api]max_limit`: the most servers in one answer. */
  maxLimit: number;
}
