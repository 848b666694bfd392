import { describe, expect, it } from 'vitest';
import { EVERYTHING } from '../access/rights/scope.ts';
import type { Answers } from './answers.ts';
import type { StepUsage, UsageQuery } from './ledger.ts';
import { ReplicaFirst } from './replica-first.ts';

const QUERY: UsageQuery = {
  scope: EVERYTHING,
  fromMs: 0,
  toMs: 3_600_000,
  step: 'total',
  by: new Set(),
  limit: 1,
};
const DOWN = new Error('the replica is down');
const WRONG = new Error('the question is wrong');

/** Answers whose rows name where they come from. A question that meets `failure` fails after `rows` rows. */
function answersAt(site: string, rows: number, failure?: Error): Answers {
  const row = { site } as StepUsage;
  const ask = async () => {
    await Promise.resolve();
    if (failure !== undefined) throw failure;
    return { data: [row], next: null };
  };
  return {
    sites: async () => (await ask()).data.map(() => ({ name: site }) as never),
    projects: async () => (await ask()) as never,
    projectUsages: async () => (await ask()) as never,
    usage: ask,
    coverage: async () => (await ask()) as never,
    corrections: async () => (await ask()) as never,
    anomalies: async () => (await ask()) as never,
    refusals: async () => (await ask()) as never,
    sweeps: async () => (await ask()) as never,
    allUsage: async function* () {
      for (let sent = 0; sent < rows; sent += 1) yield [row];
      await ask();
    },
  };
}

/** Asks for usage, in one answer and as a stream, at a replica of this age. */
async function asked(age: number | undefined, rows: number, failure?: Error) {
  const ages: number[] = [];
  const replica = {
    age: async () => await Promise.resolve(age),
    isToBlame: (error: unknown) => error === DOWN,
  };
  const [onReplica, onPrimary] = [answersAt('replica', rows, failure), answersAt('primary', 2)];
  const answers = new ReplicaFirst({ replica, onReplica, onPrimary }).answers((seconds) =>
    ages.push(seconds),
  );
  const sites = async () => (await answers.usage(QUERY)).data.map(({ site }) => site);
  const streamed: unknown[] = [];
  const stream = async () => {
    for await (const batch of answers.allUsage(QUERY)) streamed.push(...batch.map(({ site }) => site));
    return 'to its end';
  };
  const ends = await Promise.all(
    [sites, stream].map(async (ask) => await ask().catch((error: unknown) => error)),
  );
  return { ends, streamed, ages };
}

describe('a question', () => {
  it('is answered by the replica, with its age, also without a row', async () => {
    const ends = [['replica'], 'to its end'];
    expect(await asked(3, 2)).toEqual({ ends, streamed: ['replica', 'replica'], ages: [3, 3] });
    expect(await asked(0, 0)).toEqual({ ends, streamed: [], ages: [0, 0] });
  });

  it('is answered by the primary while the replica cannot be used', async () => {
    const ends = [['primary'], 'to its end'];
    expect(await asked(undefined, 2)).toEqual({ ends, streamed: ['primary', 'primary'], ages: [] });
  });

  it('that the replica leaves in the middle is answered by the primary, unless rows have left already', async () => {
    expect(await asked(3, 0, DOWN)).toEqual({
      ends: [['primary'], 'to its end'],
      streamed: ['primary', 'primary'],
      ages: [],
    });
    expect(await asked(3, 1, DOWN)).toEqual({ ends: [['primary'], DOWN], streamed: ['replica'], ages: [3] });
  });

  it('that is refused is not asked again at the primary', async () => {
    expect(await asked(3, 0, WRONG)).toEqual({ ends: [WRONG, WRONG], streamed: [], ages: [] });
  });
});
