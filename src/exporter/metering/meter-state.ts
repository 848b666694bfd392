import type { Amounts, Usage } from './amounts.ts';

/** The running totals, and what has to be known to go on with them. Instants are milliseconds since the Unix epoch. */
export interface MeterState {
  /** The identity of these totals: a new state has a new one. */
  epoch: string;
  /** Usage is counted from here. */
  startMs: number;
  /** Usage is folded in up to here; whole seconds. */
  untilMs: number;
  /** By project id; also of projects that are gone. */
  totals: ReadonlyMap<string, Usage>;
  /** By server id: those that were alive at `untilMs`, and those that are absent for reasons unknown. */
  servers: ReadonlyMap<string, RememberedServer>;
  /** By flavor, and by project id: milliseconds of servers whose GPUs are still to be counted. Left out where none are. */
  unreadFlavors?: UnreadFlavors;
}

export type UnreadFlavors = ReadonlyMap<string, ReadonlyMap<string, bigint>>;

export interface RememberedServer {
  projectId: string;
  /** What is known of it from `countedUntilMs` on, in order of time: the launch that it then ran by, and later ones. */
  launches: readonly [Launch, ...Launch[]];
  /** Its usage is in the totals up to here; `untilMs`, save for a server that is absent. */
  countedUntilMs: number;
  /** Amounts that answers have with the launch time of before, and Nova's time of the first of them. */
  announced?: Launch;
  /** Nova's time of the first answer that lacked it. */
  absentSinceMs?: number;
}

/** From a launch on a server has these amounts. Resize, rebuild, rescue, unshelve and evacuation are launches, too. */
export interface Launch {
  atMs: number;
  amounts: Amounts;
}

/** A server as an answer has it: since its last launch it has these amounts. */
export interface ServerLife {
  id: string;
  projectId: string;
  launchedMs: number;
  endedMs: number | undefined;
  amounts: Amounts;
}

export function newMeterState(epoch: string, startMs: number): MeterState {
  return { epoch, startMs, untilMs: startMs, totals: new Map(), servers: new Map() };
}
