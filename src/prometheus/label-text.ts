/** In characters. */
export const LONGEST_NAME = 512;

/** In bytes. An index of the ledger has keys of two such ids, and PostgreSQL limits the length of a key. */
const LONGEST_ID = 1100;

/** Characters at each end of a very long id that go into its hash. */
const HASHED_END = 2048;

const UNCLEAN_IN_NAMES = /[\p{Cc}\p{Cs}]/u;

/**
 * Characters that no database stores: NUL, and half a surrogate pair. Other control characters stay, because ids in
 * existing ledgers have them.
 */
const UNCLEAN_IN_IDS = /[\0\p{Cs}]/u;

/** A name that gate, portal, database and pages accept: one line, no control characters, at most `LONGEST_NAME` long. */
export function cleanName(text: string): string {
  if (text.length <= LONGEST_NAME && !UNCLEAN_IN_NAMES.test(text)) return text;
  return cut(text, LONGEST_NAME)
    .replaceAll(/[\t\n\v\f\r]/g, ' ')
    .replaceAll(/[\p{Cc}\p{Cs}]/gu, '\ufffd');
}

/** An id that the ledger accepts. A hash replaces what it cannot store, so that different ids stay different. */
export function cleanId(text: string): string {
  if (text.length <= LONGEST_ID && Buffer.byteLength(text) <= LONGEST_ID && !UNCLEAN_IN_IDS.test(text))
    return text;
  return `${cut(cleanName(text), 200)}~${hashOf(ends(text))}`;
}

/** The input of the hash. For a text far too long to be an id it is the length and both ends, which bounds the work. */
function ends(text: string): string {
  return text.length <= 2 * HASHED_END
    ? text
    : `${text.length}/${text.slice(0, HASHED_END)}${text.slice(-HASHED_END)}`;
}

/** FNV-1a of 128 bits, over UTF-16: http://www.isthe.com/chongo/tech/comp/fnv/ */
function hashOf(text: string): string {
  let hash = 0x6c62272e07bb014262b821756295c58dn;
  for (let at = 0; at < text.length; at += 1) {
    hash ^= BigInt(text.charCodeAt(at));
    hash = BigInt.asUintN(128, hash * 0x1000000000000000000013bn);
  }
  return hash.toString(16).padStart(32, '0');
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1).replace(/\p{Cs}$/u, '')}…`;
}
