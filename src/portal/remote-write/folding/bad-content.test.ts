import { DatabaseError } from 'pg';
import { describe, expect, it } from 'vitest';
import { isContentError } from './bad-content.ts';

function databaseError(code: string): DatabaseError {
  const error = new DatabaseError(`SQLSTATE ${code}`, 0, 'error');
  error.code = code;
  return error;
}

function thrownBy(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

const NUMBER_OUT_OF_RANGE = '22003';
const CHECK_VIOLATION = '23514';
const INDEX_ROW_TOO_LARGE = '54000';

const DATABASE_S_OWN = {
  'connection failure': '08006',
  deadlock: '40P01',
  'serialization failure': '40001',
  'idle in transaction': '25P03',
  'failed transaction': '25P02',
  'missing relation': '42P01',
  'missing privilege': '42501',
  'full disk': '53100',
  'lack of memory': '53200',
  'too many connections': '53300',
  'statement timeout': '57014',
  'shutdown by an administrator': '57P01',
  'server start': '57P03',
  'input or output error': '58030',
  'corrupted index': 'XX002',
};

describe('an error of a fold', () => {
  it.each([NUMBER_OUT_OF_RANGE, CHECK_VIOLATION, INDEX_ROW_TOO_LARGE])(
    'blames the content if the database refuses its values (%s)',
    (code) => expect(isContentError(databaseError(code))).toBe(true),
  );

  it('blames the content if the program cannot compute with it', () => {
    expect([new RangeError('a'), new TypeError('b'), new SyntaxError('c')].map(isContentError)).toEqual([
      true,
      true,
      true,
    ]);
  });

  it.each(Object.entries(DATABASE_S_OWN))('does not blame the content for a %s', (_, code) => {
    expect(isContentError(databaseError(code))).toBe(false);
  });

  it('does not blame the content for an unknown error of the database', () => {
    expect(isContentError(new DatabaseError('what?', 0, 'error'))).toBe(false);
  });

  it('does not blame the content if memory is used up', () => {
    const tooMuch = () => new ArrayBuffer(Number.MAX_SAFE_INTEGER);
    expect(tooMuch).toThrow(RangeError);
    expect(isContentError(thrownBy(tooMuch))).toBe(false);
  });

  it('does not blame the content for a broken or refused connection', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    const broken = new Error('Connection terminated unexpectedly');
    expect([refused, broken, new AggregateError([refused])].map(isContentError)).toEqual([
      false,
      false,
      false,
    ]);
  });
});
