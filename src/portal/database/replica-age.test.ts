import { describe, expect, it } from 'vitest';
import { UserError } from '../../runtime/user-error.ts';
import { ageOf, type ReplicaFacts } from './replica-age.ts';

const server = { system: '7000', database: 'usage', schema: 18 };
const primary = { ...server, position: '0/10', now: 100 };
const replica = (more: Partial<ReplicaFacts> = {}): ReplicaFacts => ({
  ...server,
  is_replica: true,
  has_all: false,
  replayed_until: 97.5,
  ...more,
});

describe('the age of a read replica', () => {
  it('is 0 if it has all that the primary has committed, also if that was long ago', () => {
    expect(ageOf(replica({ has_all: true }), primary)).toBe(0);
    expect(ageOf(replica({ has_all: true, replayed_until: null }), primary)).toBe(0);
  });

  it('is the time since the commit that it replayed last, by the clock of the primary', () => {
    expect(ageOf(replica(), primary)).toBe(2.5);
    expect(ageOf(replica({ replayed_until: 101 }), primary)).toBe(0);
  });

  it.each([
    [{ is_replica: false, has_all: null }, 'it is no replica: name a replica, or leave it out', true],
    [{ system: '7001' }, 'it is the replica of another server than that of DATABASE_URL', true],
    [{ database: 'other' }, "its database is not 'usage', as in DATABASE_URL", true],
    [
      { schema: 17 },
      'the schema of its ledger is 17, and that of the primary 18: it is behind an update',
      false,
    ],
    [{ replayed_until: null }, 'it has replayed no change since its start', false],
  ])('is unknown with %o, and a person must help if waiting does not', (more, message, needsPerson) => {
    const error = failureOf(() => ageOf(replica(more), primary));
    expect([error.message, error instanceof UserError]).toEqual([message, needsPerson]);
  });
});

function failureOf(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error('it did not fail');
}
