import { homedir } from 'node:os';
import { UserError } from '../../../runtime/user-error.ts';

/** One word of a shell, without its quotes and backslashes. */
export interface ShellWord {
  text: string;
  /** The word as it is in the file. */
  raw: string;
  line: number;
  /** The part that only a shell can compute, described without showing a secret; undefined if `text` is complete. */
  needsShell: string | undefined;
}

/** The words up to an operator such as `;` or `|`. */
export type ShellCommand = readonly ShellWord[];

/** A line of a shell script, with its continuation lines. */
export interface ShellLine {
  line: number;
  commands: readonly ShellCommand[];
  /** The first operator in the line. */
  operator: string | undefined;
}

const BLANK = /[ \t]/;
const OPERATOR = /[;&|<>()]/;

/** Splits a script into lines and words by the rules of POSIX. Throws `UserError` for a quote without an end. */
export function readShellLines(script: string, file: string): ShellLine[] {
  const text = script.replace(/^\uFEFF/, '').replaceAll(/\r+(?=\n|$)/g, '');
  const lines: ShellLine[] = [];
  let at = 0;
  let line = 1;
  let commands: ShellWord[][] = [[]];
  let operator: string | undefined;

  const endLine = () => {
    const words = commands.filter((command) => command.length > 0);
    const first = words[0]?.[0];
    if (first !== undefined) lines.push({ line: first.line, commands: words, operator });
    commands = [[]];
    operator = undefined;
  };
  while (at < text.length) {
    const next = text[at] as string;
    if (next === '\n') {
      endLine();
      line += 1;
      at += 1;
    } else if (BLANK.test(next)) at += 1;
    else if (next === '#') at = endOfLine(text, at);
    else if (text.startsWith('\\\n', at)) {
      line += 1;
      at += 2;
    } else if (OPERATOR.test(next)) {
      operator ??= next;
      commands.push([]);
      at += 1;
    } else {
      const word = readWord(text, at, { line, file });
      commands.at(-1)?.push(word);
      line += word.raw.split('\n').length - 1;
      at += word.raw.length;
    }
  }
  endLine();
  return lines;
}

interface Place {
  line: number;
  file: string;
}

/** The word that starts at `start`. */
function readWord(script: string, start: number, place: Place): ShellWord {
  let text = '';
  let at = start;
  let needsShell: string | undefined;
  while (at < script.length && !/[\s;&|<>()]/.test(script[at] as string)) {
    const part = homeAt(script, at, start) ?? readPart(script, at, place);
    text += part.text;
    needsShell ??= part.needsShell;
    at = part.end;
  }
  return { text, raw: script.slice(start, at), line: place.line, needsShell };
}

interface Part {
  text: string;
  /** The position after the part. */
  end: number;
  needsShell?: string | undefined;
}

/** One piece of quoted text, one escape or one character. */
function readPart(script: string, at: number, place: Place): Part {
  const [first, second] = [script[at] as string, script[at + 1]];
  if (first === "'") {
    const end = script.indexOf("'", at + 1);
    if (end < 0) throw unendedQuote(place);
    return { text: script.slice(at + 1, end), end: end + 1 };
  }
  if (first === '"') return readDoubleQuotes(script, at, place);
  if (first === '\\' && second === '\n') return { text: '', end: at + 2 };
  if (first === '\\' && second !== undefined) return { text: second, end: at + 2 };
  const needsShell =
    first === '$' && /['"]/.test(nextOf(script, at)) ? 'a quote behind $' : expansionAt(script, at);
  return { text: first, end: at + 1, needsShell };
}

function readDoubleQuotes(script: string, start: number, place: Place): Part {
  let text = '';
  let needsShell: string | undefined;
  for (let at = start + 1; at < script.length; at += 1) {
    const [first, second] = [script[at] as string, script[at + 1] ?? ''];
    if (first === '"') return { text, end: at + 1, needsShell };
    if (first === '\\' && /["\\$`\n]/.test(second)) {
      text += second === '\n' ? '' : second;
      at += 1;
    } else {
      needsShell ??= expansionAt(script, at);
      text += first;
    }
  }
  throw unendedQuote(place);
}

function expansionAt(script: string, at: number): string | undefined {
  if (script[at] === '`') return 'a command (`…`)';
  if (script[at] !== '$') return undefined;
  const next = nextOf(script, at);
  if (next === '(') return 'a command ($(…))';
  if (next === '{') return 'a variable (${…})';
  return /[A-Za-z0-9_@*#?$!-]/.test(next) ? 'a variable ($…)' : undefined;
}

/** The character at `at`, after any line continuations, which a shell removes first. */
function nextOf(script: string, at: number): string {
  let next = at + 1;
  while (script.startsWith('\\\n', next)) next += 2;
  return script[next] ?? '';
}

/** The home folder in place of `~` at the start of a word, a value or a part of a path list. */
function homeAt(script: string, at: number, start: number): Part | undefined {
  if (script[at] !== '~') return undefined;
  const before = script.slice(start, at).replaceAll('\\\n', '');
  const isPathList = before.endsWith(':');
  if (!isPathList && !/^(?:[A-Za-z_]\w*=)?$/.test(before)) return undefined;
  const own = !isPathList && /[/\s]|^$/.test(nextOf(script, at));
  return { text: own ? homedir() : '~', end: at + 1, needsShell: own ? undefined : 'a home (~)' };
}

function unendedQuote({ line, file }: Place): UserError {
  return new UserError(`${file}:${line}: a quote starts here and does not end`);
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end;
}
