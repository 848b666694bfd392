/** The answer is not in the HTTP/1.1 that this client accepts. */
export class ResponseError extends Error {
  override readonly name = 'ResponseError';
}

export interface ResponseHead {
  status: number;
  /** By name in small letters. Only the first of a repeated header is kept; a repeated length or type is an error. */
  headers: ReadonlyMap<string, string>;
}

/** How a body ends. A body that ends with its connection is refused, because nobody could see that it broke off. */
export type Framing = { kind: 'chunked' } | { kind: 'length'; bytes: number };

const STATUS_LINE = /^HTTP\/1\.1 (\d{3}) [\t\x20-\x7e\x80-\xff]*$/;
const FIELD_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):([\t\x20-\x7e\x80-\xff]*)$/;
const SINGLE = new Set(['content-length', 'transfer-encoding', 'content-type', 'content-encoding']);

/**
 * Reads the head of an answer, without the empty line at its end. Throws `ResponseError` for everything that two readers might
 * understand in two ways: folded lines, bare CR or LF, a repeated length. Source: RFC 9112.
 */
export function parseResponseHead(text: string): ResponseHead {
  const [first = '', ...lines] = text.split('\r\n');
  const status = STATUS_LINE.exec(first)?.[1];
  if (status === undefined) throw new ResponseError('an answer that is not HTTP/1.1');
  const headers = new Map<string, string>();
  for (const line of lines) addField(headers, line);
  return { status: Number(status), headers };
}

function addField(headers: Map<string, string>, line: string): void {
  const [, field, value = ''] = FIELD_LINE.exec(line) ?? [];
  if (field === undefined) throw new ResponseError('an invalid header');
  const name = field.toLowerCase();
  if (!headers.has(name)) headers.set(name, value.replace(/^[\t ]+/, '').trimEnd());
  else if (SINGLE.has(name)) throw new ResponseError(`${name} twice`);
}

/** Throws `ResponseError` where the head states no end of the body, or two ends. */
export function framingOf({ headers }: ResponseHead): Framing {
  const [length, coding] = [headers.get('content-length'), headers.get('transfer-encoding')];
  if (length !== undefined && coding !== undefined) throw new ResponseError('two lengths');
  if (coding?.toLowerCase() === 'chunked') return { kind: 'chunked' };
  if (coding !== undefined) throw new ResponseError('another transfer encoding');
  if (length === undefined) throw new ResponseError('no length');
  if (!/^\d{1,15}$/.test(length)) throw new ResponseError('an invalid length');
  return { kind: 'length', bytes: Number(length) };
}

/** True if the connection stays open after the answer. */
export function isKept({ headers }: ResponseHead): boolean {
  return !/\bclose\b/i.test(headers.get('connection') ?? '');
}
