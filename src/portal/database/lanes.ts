import { Turns } from './turns.ts';

/**
 * Connections of the one pool that each use of the database has for itself: none waits for another. Those of questions
 * are few, since each may keep a core of the database busy.
 */
const CONNECTIONS = {
  /** Folding, and what else the ledger does by itself. */
  sweeps: 8,
  /** Readiness, and the end of questions whose askers left. */
  readiness: 2,
  questions: 4,
  longQuestions: 2,
  /** Their text is read ahead of the client, so that none keeps its turn for a slow one. */
  shortCsv: 1,
  csv: 2,
  longCsv: 2,
  remoteWrite: 9,
  /** A portal that cannot renew its leases loses its sites. */
  leases: 1,
} as const;

/** Questions that wait in a lane; more are refused. */
const MOST_WAITING = 100;

export type LaneName = keyof typeof CONNECTIONS;
export type Lanes = Readonly<Record<LaneName, Turns>>;

export const POOL_SIZE = Object.values(CONNECTIONS).reduce((sum, count) => sum + count, 0);

export function openLanes(): Lanes {
  const { sweeps, readiness, questions, longQuestions, shortCsv, csv, longCsv, remoteWrite, leases } =
    CONNECTIONS;
  return {
    sweeps: new Turns(sweeps),
    readiness: new Turns(readiness),
    questions: new Turns(questions, MOST_WAITING),
    longQuestions: new Turns(longQuestions, MOST_WAITING),
    shortCsv: new Turns(shortCsv, MOST_WAITING),
    csv: new Turns(csv, MOST_WAITING),
    longCsv: new Turns(longCsv, MOST_WAITING),
    remoteWrite: new Turns(remoteWrite),
    leases: new Turns(leases),
  };
}
