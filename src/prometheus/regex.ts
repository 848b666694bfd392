import { RE2JS } from 're2js';
import { remembered } from './remembered.ts';

/** Instructions of the compiled expression: what it may cost for each character that it reads. */
const MAX_PROGRAM_SIZE = 4096;

/** Clients ask for the same expressions again and again. */
const REMEMBERED_EXPRESSIONS = 256;

/** A regular expression of PromQL: RE2, anchored at both ends, in time linear in the text. */
export interface AnchoredRegex {
  matches(text: string): boolean;
}

/** What is wrong with a regular expression, as the end of a sentence; undefined where Prometheus takes it. */
export const regexProblem = remembered((pattern) => findProblem(pattern), REMEMBERED_EXPRESSIONS);

function findProblem(pattern: string): string | undefined {
  try {
    // On its own as well: `a)|(b` is whole only between the brackets that anchoring adds, and escapes the anchors.
    const size = RE2JS.compile(pattern).programSize();
    anchoredRegex(pattern);
    return size > MAX_PROGRAM_SIZE ? 'is too large' : undefined;
  } catch {
    return 'is not valid in RE2';
  }
}

/** `.` matches a newline, as in Prometheus 3, unless `dotMatchesNewline` is false, as in Prometheus 2. */
export function anchoredRegex(pattern: string, dotMatchesNewline = true): AnchoredRegex {
  return dotMatchesNewline ? dotMatchesAll(pattern) : dotMatchesLine(pattern);
}

const dotMatchesAll = remembered((pattern) => compile(`^(?s:${pattern})$`), REMEMBERED_EXPRESSIONS);
const dotMatchesLine = remembered((pattern) => compile(`^(?:${pattern})$`), REMEMBERED_EXPRESSIONS);

function compile(anchored: string): AnchoredRegex {
  const regex = RE2JS.compile(anchored);
  return { matches: (text) => regex.testExact(text) };
}

/** True if two expressions compile to the same program, captures aside: then they match the same texts. */
export function isSameRegex(a: string, b: string): boolean {
  return a === b || normalForm(a) === normalForm(b);
}

/** The programs for both meanings of `.`, their instructions numbered in the order in which they are reached. */
const normalForm = remembered(
  (pattern) => `${program(`^(?s:${pattern})$`)}\n${program(`^(?:${pattern})$`)}`,
  REMEMBERED_EXPRESSIONS,
);

interface Instruction {
  op: number;
  out: number;
  arg: number;
  runes: Iterable<number>;
}

/** Instructions of RE2JS' programs. */
const OP = { alternative: 1, alternativeMatch: 2, capture: 3, fail: 5, match: 6, none: 7 };

function program(anchored: string): string {
  const { inst, start } = RE2JS.compile(anchored).re2Input.prog as { inst: Instruction[]; start: number };
  const numbers = new Map<number, number>();
  const lines: string[] = [];
  const waiting: number[] = [];
  const numberOf = (at: number) => {
    const target = afterCaptures(inst, at);
    const known = numbers.get(target);
    if (known !== undefined) return known;
    numbers.set(target, numbers.size);
    waiting.push(target);
    return numbers.size - 1;
  };
  numberOf(start);
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
    lines.push(describe(inst[next], numberOf));
  return lines.join(';');
}

/** A capture says where a text matches, not whether. */
function afterCaptures(inst: readonly Instruction[], start: number): number {
  let at = start;
  for (let steps = 0; steps < inst.length; steps++) {
    const current = inst[at];
    if (current?.op !== OP.capture && current?.op !== OP.none) return at;
    at = current.out;
  }
  return at;
}

function describe(instruction: Instruction | undefined, numberOf: (at: number) => number): string {
  if (instruction === undefined) return 'nothing';
  const { op, out, arg, runes } = instruction;
  if (op === OP.match || op === OP.fail) return `${op}`;
  if (op === OP.alternative || op === OP.alternativeMatch) return `${op}:${numberOf(out)},${numberOf(arg)}`;
  return `${op}:${arg}:${[...runes].join(',')}>${numberOf(out)}`;
}
