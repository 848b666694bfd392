import { describe, expect, it } from 'vitest';
import { failureAdvice, failureTitle } from './failure.ts';
import { isUnanswered } from './live-query.ts';

const failing = { failingSinceMs: Date.UTC(2026, 10, 22, 14), error: 'why', loadedAtMs: undefined };
const words = (status: number | undefined) => {
  const one = { ...failing, status };
  return [failureTitle(one), failureAdvice(one), isUnanswered(one)];
};

describe('a failure', () => {
  it('is no answer if the portal cannot be reached or cannot answer now, and the page keeps trying', () => {
    const unanswered = ['No answer since 2026-11-22 14:00:00 UTC', ' This page keeps trying. ', true];
    for (const status of [undefined, 408, 429, 500, 503]) expect(words(status)).toEqual(unanswered);
  });

  it('is a refusal if the question is wrong, or if another role is needed', () => {
    for (const status of [400, 404])
      expect(words(status)).toEqual(['The portal refuses this question', '', false]);
    expect(words(403)).toEqual([
      'You may not read this',
      ' Ask an operator of this portal for a role.',
      false,
    ]);
  });

  it('says of which time the numbers on the page are', () => {
    const shown = { ...failing, status: 400, loadedAtMs: Date.UTC(2026, 10, 22, 13) };
    expect(failureAdvice(shown)).toBe(' The page shows the numbers of 2026-11-22 13:00:00 UTC.');
  });
});
