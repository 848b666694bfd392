const TAB = 0x09;
export const NEWLINE = 0x0a;
const SPACE = 0x20;
export const QUOTE = 0x22;
export const HASH = 0x23;
export const COMMA = 0x2c;
const COLON = 0x3a;
export const EQUALS = 0x3d;
export const BACKSLASH = 0x5c;
export const BRACE_OPEN = 0x7b;
export const BRACE_CLOSE = 0x7d;

/** The end of the line that contains the position `at`. */
export function lineEnd(text: string, at: number): number {
  const newline = text.indexOf('\n', at);
  return newline === -1 ? text.length : newline;
}

export function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}

export function isNameCode(code: number, digits: boolean, colon: boolean): boolean {
  if (code >= 0x61 && code <= 0x7a) return true;
  if (code === 0x5f || (code >= 0x41 && code <= 0x5a)) return true;
  return (digits && code >= 0x30 && code <= 0x39) || (colon && code === COLON);
}

/** Replaces `\\`, `\"` and `\n`. Any other backslash stays, as in Prometheus. */
export function unescape(raw: string): string {
  return raw.replaceAll(/\\([\\"n])/g, (_, code: string) => (code === 'n' ? '\n' : code));
}

export function shorten(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 40)}…`;
}
