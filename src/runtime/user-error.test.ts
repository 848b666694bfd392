import { describe, expect, it } from 'vitest';
import { describeError } from './user-error.ts';

describe('describeError', () => {
  it('puts the causes behind the message, on one line', () => {
    const error = new Error('cannot sign in', { cause: new Error('connect\nECONNREFUSED') });
    expect(describeError(error)).toBe('cannot sign in: connect ECONNREFUSED');
  });

  it('says the code of a system error that has no message', () => {
    expect(describeError(Object.assign(new Error(''), { code: 'ETIMEDOUT' }))).toBe('ETIMEDOUT');
  });

  it('does not repeat a cause that the message already holds', () => {
    expect(describeError(new Error('a: b', { cause: new Error('b') }))).toBe('a: b');
  });
});
