/** Expressions that cost more are refused unparsed. Parsing an expression of this cost takes some milliseconds. */
export const MAX_REGEX_COST = 4096;

/** Parsing and compiling recurse into brackets. */
const MAX_DEPTH = 200;
/** The cost of the smallest expression. */
const LEAST_COST = 8;
/** A Unicode class such as `\pL` has hundreds of ranges, and each of its instructions holds them all. */
const TABLE_COST = 64;
/** RE2JS expands a range into single characters if case does not count. */
const FOLDED_RANGE_COST = 1024;
const CLASS_CHARACTERS_A_COST = 8;
const CASELESS_CHARACTERS_A_COST = 2;

/** One group of flags with `i` is enough to count the whole expression as caseless. */
const IS_CASELESS = /\(\?[a-zA-Z]*i/;

/**
 * Cuts an expression in RE2's syntax into parts without gaps. It may cut expressions that RE2 refuses in any way. No part
 * looks at a character more than twice.
 */
const PART = new RegExp(
  [
    String.raw`(?<flags>\(\?[a-zA-Z-]*\))`,
    String.raw`(?<open>\((?:\?(?:P?<[^>]*>?|[a-zA-Z-]*:?))?)`,
    String.raw`(?<close>\))`,
    String.raw`(?<bar>\|)`,
    String.raw`(?<repeat>[*+?]|\{(?<least>0|[1-9]\d*)(?:(?<comma>,)(?<most>0|[1-9]\d*)?)?\})`,
    String.raw`(?<set>\[\^?\]?(?:\[:[^\[\]:]*:\]|\\[pP]\{[^}]*\}?|\\[^]|[^\]\\])*\]?)`,
    String.raw`(?<table>\\[pP](?:\{[^}]*\}?|[^])?)`,
    String.raw`\\Q(?<literal>[^]*?)(?:\\E|$)`,
    String.raw`(?:\\(?:x(?:\{[^}]*\}?|[^]{0,2})|[0-7]{1,3}|[^]|$)|[^])`,
  ].join('|'),
  'gu',
);

/** The costs of an expression between two brackets. */
interface Group {
  /** All alternatives before the current one. */
  before: number;
  /** The current alternative without its last part. */
  alternative: number;
  /** The last part: a repetition that follows applies to this one. */
  last: number;
}

/**
 * An upper bound of the number of instructions that an expression compiles to, from its text only. Repetitions multiply;
 * Unicode classes and other large classes count more. `Infinity` if brackets nest too deep.
 */
export function regexCost(pattern: string): number {
  const caseless = IS_CASELESS.test(pattern);
  const open: Group[] = [];
  let group = newGroup();
  const append = (cost: number) => {
    group.alternative += group.last;
    group.last = cost;
  };
  for (const { groups: part = {} } of pattern.matchAll(PART)) {
    if (part['flags'] !== undefined) continue;
    if (part['open'] !== undefined) {
      if (open.push(group) > MAX_DEPTH) return Infinity;
      group = newGroup();
    } else if (part['close'] !== undefined) {
      const inner = costOfGroup(group);
      group = open.pop() ?? newGroup();
      append(inner);
    } else if (part['bar'] !== undefined) group = { before: costOfGroup(group), alternative: 0, last: 0 };
    else if (part['repeat'] !== undefined) group.last = repeated(group.last, part);
    else append(costOfPart(part, caseless));
  }
  return open.reduce((cost, outer) => cost + costOfGroup(outer), LEAST_COST + costOfGroup(group));
}

function newGroup(): Group {
  return { before: 0, alternative: 0, last: 0 };
}

/** Adds two instructions, for a capture, or for a choice and an empty alternative. */
function costOfGroup({ before, alternative, last }: Group): number {
  return before + alternative + last + 2;
}

type Part = Partial<Record<string, string>>;

function repeated(cost: number, { least, comma, most = least }: Part): number {
  if (least === undefined) return cost + 2;
  const times = Math.max(1, Number(most));
  return comma === undefined ? times * cost + 1 : times * (cost + 1) + 2;
}

function costOfPart({ set, table, literal }: Part, caseless: boolean): number {
  if (literal !== undefined) return literal.length;
  if (table !== undefined) return TABLE_COST;
  return set === undefined ? 1 : costOfClass(set, caseless);
}

function costOfClass(text: string, caseless: boolean): number {
  const tables = count(text, /\\[pP]/g) * TABLE_COST;
  const characters = text.length / (caseless ? CASELESS_CHARACTERS_A_COST : CLASS_CHARACTERS_A_COST);
  const wide = caseless && /[^\0-\x7f]|\\[x0-7]/.test(text) ? count(text, /-/g) * FOLDED_RANGE_COST : 0;
  return 1 + tables + wide + Math.floor(characters);
}

function count(text: string, pattern: RegExp): number {
  return [...text.matchAll(pattern)].length;
}
