import { describe, expect, it } from 'vitest';
import { describeError } from './user-error.ts';

describe('describeError', () => {
  it('adds the causes to the message, on one line', () => {
    const error = new Error('cannot sign in', { cause: new Error('connect\nECONNREFUSED') });
    expect(describeError(error)).toBe('cannot sign in: connect ECONNREFUSED');
  });

  it('uses the code of a system error without a message', () => {
    expect(describeError(Object.assign(new Error(''), { code: 'ETIMEDOUT' }))).toBe('ETIMEDOUT');
  });

  it('does not repeat a cause that is already in the message', () => {
    expect(describeError(new Error('a: b', { cause: new Error('b') }))).toBe('a: b');
  });
});
