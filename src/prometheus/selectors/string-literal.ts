const NAMED_ESCAPES: Readonly<Record<string, number>> = {
  a: 0x07,
  b: 0x08,
  f: 0x0c,
  n: 0x0a,
  r: 0x0d,
  t: 0x09,
  v: 0x0b,
  '\\': 0x5c,
};

/** One plain character, or one escape: octal, hexadecimal, a code point, or a letter. */
const PART = /\\(?:([0-7]{3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([^]))|[^\\]/guy;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The text of a PromQL string literal, or undefined if Prometheus would refuse the literal or the text is not UTF-8.
 * The rules are Go's, as in promql/parser/lex.go and util/strutil/quote.go of Prometheus.
 */
export function unquoteLiteral(literal: string): string | undefined {
  const quote = literal[0];
  const body = literal.slice(1, -1);
  if (literal.length < 2 || quote !== literal.at(-1) || /[\ufffd\p{Surrogate}]/u.test(body)) return undefined;
  if (quote === '`') return body.includes('`') ? undefined : body;
  if ((quote !== '"' && quote !== "'") || body.includes('\n')) return undefined;
  return body.includes('\\') || body.includes(quote) ? unescapeBody(body, quote) : body;
}

/** Builds the text from bytes, because an escape such as `\xc3` is one byte of UTF-8. */
function unescapeBody(body: string, quote: string): string | undefined {
  const bytes: number[] = [];
  PART.lastIndex = 0;
  for (let at = 0; at < body.length; at = PART.lastIndex) {
    const match = PART.exec(body);
    const part = match && bytesOfPart(match, quote);
    if (!part) return undefined;
    bytes.push(...part);
  }
  return decodeUtf8(Uint8Array.from(bytes));
}

function bytesOfPart(match: RegExpExecArray, quote: string): Iterable<number> | undefined {
  const [text, octal, hex, short, long, letter] = match;
  if (octal !== undefined) return bytesOfByte(Number.parseInt(octal, 8));
  if (hex !== undefined) return bytesOfByte(Number.parseInt(hex, 16));
  const codePoint = short ?? long;
  if (codePoint !== undefined) return bytesOfCodePoint(Number.parseInt(codePoint, 16));
  if (letter === undefined) return text === quote ? undefined : encoder.encode(text);
  if (letter === quote) return encoder.encode(quote);
  const named = Object.hasOwn(NAMED_ESCAPES, letter) ? NAMED_ESCAPES[letter] : undefined;
  return named === undefined ? undefined : [named];
}

function bytesOfByte(byte: number): number[] | undefined {
  return byte <= 0xff ? [byte] : undefined;
}

function bytesOfCodePoint(code: number): Uint8Array | undefined {
  const isScalar = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
  return isScalar ? encoder.encode(String.fromCodePoint(code)) : undefined;
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** `text` as a PromQL string literal in double quotes. */
export function quoteLiteral(text: string): string {
  const body = text.replaceAll(/[\\"\p{Cc}\ufffd]/gu, (character) => {
    if (character === '\\' || character === '"') return `\\${character}`;
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  return `"${body}"`;
}
