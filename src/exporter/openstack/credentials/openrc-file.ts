import { UserError } from '../../../runtime/user-error.ts';
import { readShellLines, type ShellCommand, type ShellLine, type ShellWord } from './shell-lines.ts';

export interface Openrc {
  /** The `OS_*` variables that the file sets. */
  variables: Record<string, string>;
  /** Secrets for which the file prompts a person, with their place: `FILE:LINE`. */
  asked: Record<string, string>;
}

const ASKED_FOR = /^OS_(PASSWORD|APPLICATION_CREDENTIAL_SECRET)$/;
const ONLY_A_VARIABLE = /^"?\$(\w+|\{\w+\})"?$/;
const SETTERS = new Set(['export', 'readonly', 'declare', 'typeset', 'local']);
const BEFORE_A_COMMAND = new Set(['if', 'then', 'elif', 'else', 'while', 'until', 'do', '!', '{']);
const OPENERS = new Set(['if', 'for', 'while', 'until', 'case', 'select', '{']);
const CLOSERS = new Set(['fi', 'done', 'esac', '}']);

/**
 * The `OS_*` variables of an openrc, by the rules of a POSIX shell: quotes, backslashes, `export`, comments. Skips all lines that
 * set no such variable. Throws `UserError` with the line if only a shell could compute a value.
 */
export function parseOpenrc(script: string, file: string): Openrc {
  const found: Openrc = { variables: {}, asked: {} };
  let depth = 0;
  for (const line of readShellLines(script, file)) {
    const before = depth;
    for (const command of line.commands) depth += nesting(command);
    const plain = before === 0 && depth === 0 && line.operator === undefined;
    for (const command of line.commands) {
      if (plain && command[0]?.text === 'unset') for (const { text } of command) forget(text, found);
      for (const word of assignments(command)) assign(word, { line, plain, file, found });
    }
  }
  return found;
}

/** The number of blocks such as `if … fi` that the command opens, minus the number that it closes. */
function nesting(command: ShellCommand): number {
  const first = leadingWords(command);
  return (
    first.filter(({ raw }) => OPENERS.has(raw)).length - first.filter(({ raw }) => CLOSERS.has(raw)).length
  );
}

/** The leading keywords of a shell, and the word after them. */
function leadingWords(command: ShellCommand): ShellCommand {
  const end = command.findIndex(({ raw }) => !BEFORE_A_COMMAND.has(raw));
  return end < 0 ? command : command.slice(0, end + 1);
}

/** The words of a command that set `OS_*` variables. */
function assignments(command: ShellCommand): ShellCommand {
  const words = command.slice(command.findIndex(({ raw }) => !BEFORE_A_COMMAND.has(raw)));
  const other = words.findIndex(({ raw }) => !/^\w+=/.test(raw));
  const leading = other < 0 ? words : words.slice(0, other);
  const set = other === 0 && SETTERS.has(words[0]?.text ?? '') ? words.slice(1) : leading;
  return set.filter(({ raw }) => /^OS_\w+=/.test(raw));
}

interface Assignment {
  line: ShellLine;
  /** True for a line without operators and outside of blocks. */
  plain: boolean;
  file: string;
  found: Openrc;
}

function assign(word: ShellWord, { line, plain, file, found }: Assignment): void {
  const name = word.raw.slice(0, word.raw.indexOf('='));
  const value = word.text.slice(name.length + 1);
  const where = `${file}:${word.line}`;
  const written = word.raw.slice(name.length + 1);
  const asked = ASKED_FOR.test(name) && ONLY_A_VARIABLE.test(written);
  if (word.needsShell !== undefined && !asked)
    throw new UserError(
      `${where}: ${name} has ${word.needsShell}, which needs a shell: write the value itself, in single quotes`,
    );
  if (!plain || !setsForGood(line)) throw conditional(where, name, line.operator);
  forget(name, found);
  if (asked) found.asked[name] = where;
  else found.variables[name] = value;
}

/**
 * The error for a variable that may not be set afterwards: `A=b command` sets nothing, and not every shell has
 * `declare`.
 */
function setsForGood({ commands }: ShellLine): boolean {
  const words = commands[0] ?? [];
  return words[0]?.text === 'export' || words.every(({ raw }) => /^\w+=/.test(raw));
}

function conditional(where: string, name: string, operator: string | undefined): UserError {
  const why = operator === undefined ? 'is set within a command' : `shares its line with '${operator}'`;
  return new UserError(
    `${where}: ${name} ${why}, which needs a shell: write a line ${name}=VALUE, the value in single quotes`,
  );
}

function forget(name: string, { variables, asked }: Openrc): void {
  delete variables[name];
  delete asked[name];
}
