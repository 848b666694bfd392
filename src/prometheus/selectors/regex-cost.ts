/** Expressions that cost more are not made: to parse this much takes some milliseconds. */
export const MAX_REGEX_COST = 4096;

/** To parse and compile an expression recurses by its brackets. */
const MAX_DEPTH = 200;
/** For what the smallest expression takes. */
const LEAST_COST = 8;
/** A table of Unicode has hundreds of ranges, which each of its instructions holds. */
const TABLE_COST = 64;
/** RE2JS writes a range out character by character where case does not count. */
const FOLDED_RANGE_COST = 1024;
const CLASS_CHARACTERS_A_COST = 8;
const CASELESS_CHARACTERS_A_COST = 2;

/** Takes an expression without regard to case as a whole where any group of flags says so. */
const IS_CASELESS = /\(\?[a-zA-Z]*i/;

/**
 * The parts of an expression in RE2's syntax, each from where the last one ended. What RE2 refuses may be cut in any way. No
 * part looks at a character more than twice.
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

/** What stands between two brackets. */
interface Group {
  /** Its alternatives before this one. */
  before: number;
  /** This alternative without its last part. */
  alternative: number;
  /** What a repetition would repeat. */
  last: number;
}

/**
 * An upper bound of the instructions of an expression's program, from its text only: repetitions multiply. Tables of Unicode and
 * other large classes count more. `Infinity` where brackets nest too deep.
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

/** With two instructions for a capture, or for a choice and an empty alternative. */
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
