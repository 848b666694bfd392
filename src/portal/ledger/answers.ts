import type { Ledger } from './ledger.ts';

/** The answers of the ledger to questions of the API. They only read. */
export type Answers = Pick<Ledger, 'sites' | 'projects' | 'usage' | 'allUsage' | 'coverage'>;
