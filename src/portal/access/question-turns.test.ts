import { describe, expect, it } from 'vitest';
import { TooManyWaitError } from '../database/turns.ts';
import { QuestionTurns } from './question-turns.ts';

const here = new AbortController().signal;

/** Whether a promise is resolved once all that is due has run. */
async function isDone(promise: Promise<unknown>): Promise<boolean> {
  return await Promise.race([
    promise.then(() => true),
    new Promise<boolean>((resolve) => setImmediate(() => resolve(false))),
  ]);
}

describe('the questions of one person', () => {
  it('run three at a time, and the others wait for their end; those of others do not', async () => {
    const turns = new QuestionTurns();
    const ends = await Promise.all([1, 2, 3].map(async () => await turns.take('ada', 'rows', here)));
    const fourth = turns.take('ada', 'rows', here);
    expect(await isDone(fourth)).toBe(false);
    expect(await isDone(turns.take('bob', 'rows', here))).toBe(true);
    expect(await isDone(turns.take('ada', 'csv', here))).toBe(true);
    ends[0]?.();
    expect(await isDone(fourth)).toBe(true);
  });

  it('are refused if too many wait, and leave their place if the client leaves', async () => {
    const turns = new QuestionTurns();
    const end = await turns.take('ada', 'csv', here);
    const left = new AbortController();
    const waiting = Array.from({ length: 5 }, async () => await turns.take('ada', 'csv', left.signal));
    await expect(turns.take('ada', 'csv', here)).rejects.toThrow(TooManyWaitError);
    left.abort(new Error('the client left'));
    const outcomes = await Promise.allSettled(waiting);
    expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['rejected']));
    const next = turns.take('ada', 'csv', here);
    end();
    expect(await isDone(next)).toBe(true);
  });
});
