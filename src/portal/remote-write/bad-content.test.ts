import { DatabaseError } from 'pg';
import { describe, expect, it } from 'vitest';
import { isOfContent } from './bad-content.ts';

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
  'transaction that another one has overtaken': '40001',
  'idle in transaction': '25P03',
  'transaction that was aborted': '25P02',
  'relation that is away': '42P01',
  'privilege that is lacking': '42501',
  'disk that is full': '53100',
  'memory that is used up': '53200',
  'too many connections': '53300',
  'statement that takes too long': '57014',
  'shutdown by an administrator': '57P01',
  'server that starts': '57P03',
  'input or output error': '58030',
  'corrupted index': 'XX002',
};

describe('what can not be folded', () => {
  it.each([NUMBER_OUT_OF_RANGE, CHECK_VIOLATION, INDEX_ROW_TOO_LARGE])(
    'is bad by its content where the database refuses its values (%s)',
    (code) => expect(isOfContent(databaseError(code))).toBe(true),
  );

  it('is bad by its content where the program can not compute with it', () => {
    expect([new RangeError('a'), new TypeError('b'), new SyntaxError('c')].map(isOfContent)).toEqual([
      true,
      true,
      true,
    ]);
  });

  it.each(Object.entries(DATABASE_S_OWN))('is good where the database has a %s', (_, code) => {
    expect(isOfContent(databaseError(code))).toBe(false);
  });

  it('is good where the database does not say what it has', () => {
    expect(isOfContent(new DatabaseError('what?', 0, 'error'))).toBe(false);
  });

  it('is good where memory is used up', () => {
    const tooMuch = () => new ArrayBuffer(Number.MAX_SAFE_INTEGER);
    expect(tooMuch).toThrow(RangeError);
    expect(isOfContent(thrownBy(tooMuch))).toBe(false);
  });

  it('is good where a connection breaks or can not be made', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    const broken = new Error('Connection terminated unexpectedly');
    expect([refused, broken, new AggregateError([refused])].map(isOfContent)).toEqual([false, false, false]);
  });
});
