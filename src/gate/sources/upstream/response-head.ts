/** An answer that is not HTTP/1.1 as this client takes it. */
export class ResponseError extends Error {
  override readonly name = 'ResponseError';
}

export interface ResponseHead {
  status: number;
  /** By name in small letters; of one that is repeated the first, unless that would be ambiguous. */
  headers: ReadonlyMap<string, string>;
}

/** How the end of a body is known. What ends where the connection ends could break off without a sign, and is not taken. */
export type Framing = { kind: 'chunked' } | { kind: 'length'; bytes: number };

const STATUS_LINE = /^HTTP\/1\.1 (\d{3}) [\t\x20-\x7e\x80-\xff]*$/;
const FIELD_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):([\t\x20-\x7e\x80-\xff]*)$/;
const SINGLE = new Set(['content-length', 'transfer-encoding', 'content-type', 'content-encoding']);

/**
 * Reads the head of an answer, without the empty line that ends it. Throws `ResponseError` for whatever two readers might
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
  if (field === undefined) throw new ResponseError('a header that is none');
  const name = field.toLowerCase();
  if (!headers.has(name)) headers.set(name, value.replace(/^[\t ]+/, '').trimEnd());
  else if (SINGLE.has(name)) throw new ResponseError(`${name} twice`);
}

/** Throws `ResponseError` where there is no end, or two. */
export function framingOf({ headers }: ResponseHead): Framing {
  const [length, coding] = [headers.get('content-length'), headers.get('transfer-encoding')];
  if (length !== undefined && coding !== undefined) throw new ResponseError('two lengths');
  if (coding?.toLowerCase() === 'chunked') return { kind: 'chunked' };
  if (coding !== undefined) throw new ResponseError('another transfer encoding');
  if (length === undefined) throw new ResponseError('no length');
  if (!/^\d{1,15}$/.test(length)) throw new ResponseError('a length that is none');
  return { kind: 'length', bytes: Number(length) };
}

/** True if the connection stays after the answer. */
export function isKept({ headers }: ResponseHead): boolean {
  return !/\bclose\b/i.test(headers.get('connection') ?? '');
}
