import { Turns } from './turns.ts';

/**
 * The connections of the pool, by use. Each use has its own, so that none waits for another. Questions have few, because
 * each may keep a core of the database busy.
 */
const CONNECTIONS = {
  /** Folding, and other work of the ledger itself. */
  sweeps: 8,
  /** The readiness check, and the cancellation of questions whose client has left. */
  readiness: 2,
  questions: 4,
  longQuestions: 2,
  /** Their whole text is buffered, so that no slow client keeps a turn. */
  shortCsv: 1,
  csv: 2,
  longCsv: 2,
  remoteWrite: 9,
  /** A portal that cannot renew its leases loses its sites. */
  leases: 1,
  /** Each question about grants first reads them. */
  accounts: 2,
  /** Each request first reads who asks. */
  access: 2,
} as const;

/** The largest number of questions that wait in a lane. More are refused. */
const MOST_WAITING = 100;

export type LaneName = keyof typeof CONNECTIONS;
export type Lanes = Readonly<Record<LaneName, Turns>>;

export const POOL_SIZE = Object.values(CONNECTIONS).reduce((sum, count) => sum + count, 0);

export function openLanes(): Lanes {
  const {
    sweeps,
    readiness,
    questions,
    longQuestions,
    shortCsv,
    csv,
    longCsv,
    remoteWrite,
    leases,
    accounts,
    access,
  } = CONNECTIONS;
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
    accounts: new Turns(accounts, MOST_WAITING),
    access: new Turns(access, MOST_WAITING),
  };
}
