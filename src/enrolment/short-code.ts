import { scryptSync } from 'node:crypto';

/** Consonants, without look-alikes of digits. They make no words. */
const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ';
const LENGTH = 12;
/** 16 MiB and some 50 ms for each guess of somebody who looks for another line with the same code. */
const COST = { N: 16_384, r: 8, p: 1 };

/** A code of 51 bits for people to compare, such as BCDF-GHJK-LMNP. It covers the lines whole. */
export function shortCode(...lines: readonly string[]): string {
  let rest = scryptSync(lines.join('\n'), 'stackmeter enrolment', 16, COST).readBigUInt64BE();
  let code = '';
  for (let index = 0; index < LENGTH; index++) {
    code += LETTERS[Number(rest % 20n)];
    rest /= 20n;
    if (index % 4 === 3 && index < LENGTH - 1) code += '-';
  }
  return code;
}
