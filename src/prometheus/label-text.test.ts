import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanId, cleanName, LONGEST_NAME } from './label-text.ts';

const anyText = fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)), maxLength: 1500 });

describe('a name', () => {
  it.each([
    ['Größe, Übung; 50% 😀', 'Größe, Übung; 50% 😀'],
    ['evil\0nul', 'evil\ufffdnul'],
    ['line\nbreak \t tab', 'line break   tab'],
    ['lone \ud800 surrogate', 'lone \ufffd surrogate'],
    ['', ''],
    ['x'.repeat(LONGEST_NAME + 1), `${'x'.repeat(LONGEST_NAME - 1)}…`],
    [`${'x'.repeat(LONGEST_NAME - 2)}😀😀`, `${'x'.repeat(LONGEST_NAME - 2)}…`],
  ])('%j is written as %j', (text, clean) => {
    expect(cleanName(text)).toBe(clean);
  });

  it('is clean and bounded for any text, and cleaning it again changes nothing', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const clean = cleanName(text);
        expect(clean).not.toMatch(/[\p{Cc}\p{Cs}]/u);
        expect(clean.length).toBeLessThanOrEqual(LONGEST_NAME);
        expect(cleanName(clean)).toBe(clean);
      }),
    );
  });
});

describe('an id', () => {
  it.each(['0f6c', 'pool/part', 'pool/line\nbreak', 'x'.repeat(1025), 'ä/ö 😀'])(
    'that the ledger accepts does not change: %j',
    (id) => {
      expect(cleanId(id)).toBe(id);
    },
  );

  it('that the ledger cannot store becomes one that it can, and different ids stay different', () => {
    const ids = ['p/a\0', 'p/a', 'p/a\ud800', 'p/a\udfff', 'p/a\ufffd', 'x'.repeat(9_000), 'x'.repeat(9_001)];
    const clean = ids.map(cleanId);
    expect(new Set(clean).size).toBe(ids.length);
    for (const id of clean) expect(cleanId(id)).toBe(id);
  });

  it('is bounded in bytes and can be stored, for any text', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const id = cleanId(text);
        expect(id).not.toMatch(/[\0\p{Cs}]/u);
        expect(Buffer.byteLength(id)).toBeLessThanOrEqual(1100);
        expect(id === '').toBe(text === '');
      }),
    );
  });
});
