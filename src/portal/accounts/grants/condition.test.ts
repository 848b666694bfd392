import { describe, expect, it } from 'vitest';
import { checkCondition, type Condition, ConditionError } from './condition.ts';

const NEWEST = { version: 3, changedMs: Date.UTC(2026, 5, 1, 12, 30, 5, 7), author: 'ada', removed: false };

function outcome(newest: Parameters<typeof checkCondition>[1], condition: Condition): string {
  try {
    checkCondition("grant 'g'", newest, condition);
    return 'holds';
  } catch (error) {
    if (error instanceof ConditionError) return `${error.kind}: ${error.message}`;
    throw error;
  }
}

describe('the condition of a change', () => {
  it.each<[string, Parameters<typeof checkCondition>[1], Condition]>([
    ['holds', NEWEST, { ifMatch: [3] }],
    ['holds', NEWEST, { ifMatch: [2, 3] }],
    ['holds', NEWEST, { ifMatch: '*' }],
    ['holds', undefined, { ifNoneMatch: '*' }],
    ['holds', { ...NEWEST, removed: true }, { ifNoneMatch: '*' }],
    ['holds', undefined, {}],
    [
      "failed: grant 'g' has changed: version 3 was written by ada at 2026-06-01T12:30:05Z; read it again, and repeat your change",
      NEWEST,
      { ifMatch: [2] },
    ],
    [
      "failed: grant 'g' is gone: removed by ada at 2026-06-01T12:30:05Z",
      { ...NEWEST, removed: true },
      { ifMatch: '*' },
    ],
    ["failed: there is no grant 'g'; send If-None-Match: * to create it", undefined, { ifMatch: [1] }],
    [
      "failed: grant 'g' exists already: version 3 was written by ada at 2026-06-01T12:30:05Z",
      NEWEST,
      { ifNoneMatch: '*' },
    ],
    [
      "required: grant 'g' exists: send If-Match with its ETag, so that no change of others is lost",
      NEWEST,
      {},
    ],
  ])('%s', (expected, newest, condition) => {
    expect(outcome(newest, condition)).toBe(expected);
  });
});
