import { RE2Set } from 're2js';
import { MAX_REGEX_COST, regexCost } from './regex-cost.ts';
import { remembered } from '../remembered.ts';

/** Clients send the same expressions again and again. */
const REMEMBERED_PROBLEMS_BYTES = 1_048_576;
const REMEMBERED_REGEXES_BYTES = 67_108_864;
/** The memory of RE2's automaton for one expression, which grows with the texts that it reads. */
const STATES_BYTES = 262_144;
const INSTRUCTION_BYTES = 160;

/** A regular expression of PromQL: RE2, anchored at both ends, in time linear in the text. */
export interface AnchoredRegex {
  matches(text: string): boolean;
}

/** The problem of a regular expression, as the end of a sentence; undefined if Prometheus accepts the expression. */
export const regexProblem = remembered(findProblem, REMEMBERED_PROBLEMS_BYTES);

/** Only parses the expression, because the gate may refuse the request before it runs one. */
function findProblem(pattern: string): string | undefined {
  if (regexCost(pattern) > MAX_REGEX_COST) return 'is too large';
  try {
    // Without anchors: `a)|(b` would be valid between the brackets that anchoring adds, and would escape the anchors.
    new RE2Set().add(pattern);
    return undefined;
  } catch {
    return 'is not valid in RE2';
  }
}

/**
 * Compiles an expression. `.` matches a newline as in Prometheus 3; with `dotMatchesNewline` false it does not, as in
 * Prometheus 2. Check expressions from others with `regexProblem` first.
 */
export function anchoredRegex(pattern: string, dotMatchesNewline = true): AnchoredRegex {
  return compiled(`(?${dotMatchesNewline ? 's' : ''}:${pattern})`);
}

const compiled = remembered(
  compile,
  REMEMBERED_REGEXES_BYTES,
  (pattern) => STATES_BYTES + INSTRUCTION_BYTES * regexCost(pattern),
);

function compile(pattern: string): AnchoredRegex {
  const regex = new RE2Set(RE2Set.ANCHOR_BOTH, 0, STATES_BYTES);
  regex.add(pattern);
  return { matches: rememberingLast((text) => regex.match(text).length > 0) };
}

/** Remembers the last text: series come sorted, so most have the same value as the one before. */
function rememberingLast(test: (text: string) => boolean): (text: string) => boolean {
  let lastText: string | undefined;
  let lastResult = false;
  return (text) => {
    if (text !== lastText) {
      lastResult = test(text);
      lastText = text;
    }
    return lastResult;
  };
}
