/** Characters of a name. */
export const LONGEST_NAME = 512;

/** Bytes of an id: an index of the ledger takes a key of two such ids. */
const LONGEST_ID = 1100;

const HASHED_END = 2048;

const UNCLEAN_IN_NAMES = /[\p{Cc}\p{Cs}]/u;

/** What no database takes: NUL, and half a surrogate pair. Other control characters in ids are as old as the ledger. */
const UNCLEAN_IN_IDS = /[\0\p{Cs}]/u;

/** A name that every part of the way takes: on one line, without control characters, and no longer than most are. */
export function cleanName(text: string): string {
  if (text.length <= LONGEST_NAME && !UNCLEAN_IN_NAMES.test(text)) return text;
  return cut(text, LONGEST_NAME)
    .replaceAll(/[\t\n\v\f\r]/g, ' ')
    .replaceAll(/[\p{Cc}\p{Cs}]/gu, '\ufffd');
}

/** An id that the ledger takes. Two different ids stay different: a hash stands for what cannot be kept. */
export function cleanId(text: string): string {
  if (text.length <= LONGEST_ID && Buffer.byteLength(text) <= LONGEST_ID && !UNCLEAN_IN_IDS.test(text))
    return text;
  return `${cut(cleanName(text), 200)}~${hashOf(ends(text))}`;
}

/** What is hashed of a text that nobody means as an id: its length and its two ends, so that it costs no more than others. */
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
