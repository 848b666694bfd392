import { RE2Set } from 're2js';
import { MAX_REGEX_COST, regexCost } from './regex-cost.ts';
import { remembered } from '../remembered.ts';

/** Clients ask for the same expressions again and again. */
const REMEMBERED_PROBLEMS_BYTES = 1_048_576;
const REMEMBERED_REGEXES_BYTES = 67_108_864;
/** Of what RE2 remembers of the texts that an expression has read. */
const STATES_BYTES = 262_144;
const INSTRUCTION_BYTES = 160;

/** A regular expression of PromQL: RE2, anchored at both ends, in time linear in the text. */
export interface AnchoredRegex {
  matches(text: string): boolean;
}

/** What is wrong with a regular expression, as the end of a sentence; undefined where Prometheus takes it. */
export const regexProblem = remembered(findProblem, REMEMBERED_PROBLEMS_BYTES);

/** Parses the expression only: what a client asks for may never be run. */
function findProblem(pattern: string): string | undefined {
  if (regexCost(pattern) > MAX_REGEX_COST) return 'is too large';
  try {
    // As it stands: `a)|(b` is whole only between the brackets that anchoring adds, and escapes the anchors.
    new RE2Set().add(pattern);
    return undefined;
  } catch {
    return 'is not valid in RE2';
  }
}

/**
 * `.` matches a newline, as in Prometheus 3, unless `dotMatchesNewline` is false, as in Prometheus 2. Expressions of others must
 * have passed `regexProblem`.
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

/** Series come sorted, so that most have the value of the one before. */
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
