import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quoteLiteral, unquoteLiteral } from './string-literal.ts';

describe('a PromQL string literal', () => {
  it.each([
    [String.raw`"a\"b\\c"`, 'a"b\\c'],
    [String.raw`'a\'b"'`, `a'b"`],
    ['`a\\n"\'\n`', 'a\\n"\'\n'],
    [String.raw`"\a\b\f\n\r\t\v"`, '\u0007\b\f\n\r\t\v'],
    [String.raw`"\101\x42\u0043\U00000044"`, 'ABCD'],
    [String.raw`"\xc3\xa9\303\251"`, 'éé'],
    [String.raw`"\ufeffé😀\u0000"`, '\ufeffé😀\0'],
    ['""', ''],
  ])('%s stands for %j', (literal, text) => {
    expect(unquoteLiteral(literal)).toBe(text);
  });

  it.each([
    ['without quotes', 'a'],
    ['with one quote', '"'],
    ['with two kinds of quotes', `"a'`],
    ['with a quote within', '"a"b"'],
    ['with a back quote within', '`a`b`'],
    ['over two lines', '"a\nb"'],
    ['with an unknown escape', String.raw`"\q"`],
    ['with the other quote escaped', String.raw`"\'"`],
    ['with an escape cut short', String.raw`"\x4"`],
    ['with two octal digits', String.raw`"\12"`],
    ['with an octal number over 255', String.raw`"\400"`],
    ['with half of a surrogate pair', String.raw`"\ud800"`],
    ['with a code point beyond Unicode', String.raw`"\U00110000"`],
    ['with bytes that are not UTF-8', String.raw`"\xff"`],
    ['with an overlong encoding', String.raw`"\xc0\xaf"`],
    ['with a replacement character as it is', '"\ufffd"'],
    ['with a backslash at the end', String.raw`"\"`],
  ])('is refused %s', (_, literal) => {
    expect(unquoteLiteral(literal)).toBe(undefined);
  });

  it('reads back as the quoted text, and has no control characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const literal = quoteLiteral(text);
        expect(unquoteLiteral(literal)).toBe(text);
        expect(literal).not.toMatch(/\p{Cc}/u);
      }),
    );
  });
});
