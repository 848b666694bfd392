import { createHash } from 'node:crypto';
import { UserError } from '../runtime/user-error.ts';

/** The two lines that a portal and a site exchange. */
export type LineKind = 'invitation' | 'reply';

const VERSION = 1;
/** Characters of base64url: 66 bits, so that no damage passes by chance. */
const CHECK_LENGTH = 11;
/** A reply holds a few certificates at most. */
const MAX_LENGTH = 65_536;

/**
 * `stackmeter-KIND:1:CONTENT:CHECK`, without blanks. The check finds damage, and proves nothing about the author. Throws
 * `UserError`.
 */
export function sealedLine(kind: LineKind, content: unknown): string {
  const body = `stackmeter-${kind}:${VERSION}:${Buffer.from(JSON.stringify(content)).toString('base64url')}`;
  const line = `${body}:${checkOf(body)}`;
  if (line.length <= MAX_LENGTH) return line;
  throw new UserError(`the ${kind} would be too long for a mail: give fewer certificates`);
}

/** The line without the marks and line breaks that mail programs put into it, and its content. Throws `UserError`. */
export function openLine(kind: LineKind, text: string): { line: string; content: unknown } {
  const line = text.replaceAll(/[\s>=]/g, '');
  const start = `stackmeter-${kind}:`;
  if (!line.startsWith(start))
    throw new UserError(`this is no ${kind}: a line that begins with ${start} is expected`);
  const [, body = '', version, content = '', check] =
    /^([^:]+:(\d+):([\w-]+)):([\w-]+)$/.exec(line.slice(0, MAX_LENGTH)) ?? [];
  if (check !== checkOf(body))
    throw new UserError(`the ${kind} is damaged or cut: copy the whole line, or ask for it again`);
  if (version !== String(VERSION))
    throw new UserError(`the ${kind} comes from a newer stackmeter: upgrade this one`);
  return { line, content: parsed(kind, content) };
}

function parsed(kind: LineKind, content: string): unknown {
  try {
    return JSON.parse(Buffer.from(content, 'base64url').toString());
  } catch (cause) {
    throw new UserError(`the ${kind} is not one that stackmeter writes`, { cause });
  }
}

function checkOf(body: string): string {
  return createHash('sha256').update(body).digest('base64url').slice(0, CHECK_LENGTH);
}
