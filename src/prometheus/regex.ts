import { RE2JS } from 're2js';

/** Instructions of the compiled expression: what it may cost for each character that it reads. */
const MAX_PROGRAM_SIZE = 4096;

/** A regular expression of PromQL: RE2, anchored at both ends, in time linear in the text. */
export interface AnchoredRegex {
  matches(text: string): boolean;
}

/** What is wrong with a regular expression, as the end of a sentence; undefined where Prometheus takes it. */
export function regexProblem(pattern: string): string | undefined {
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
  const regex = RE2JS.compile(dotMatchesNewline ? `^(?s:${pattern})$` : `^(?:${pattern})$`);
  return { matches: (text) => regex.testExact(text) };
}
