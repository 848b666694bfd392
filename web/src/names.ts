/** Shown instead of an empty name. */
export const NAMELESS = '(no name)';

/** Characters that take no space or change the direction of text. Keystone accepts them in names. */
const HIDDEN = /[\p{Cc}\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff]/gu;

/** A name for display, with hidden characters as code points. */
export function visibleName(name: string): string {
  if (/^[\s\p{Cf}]*$/u.test(name)) return NAMELESS;
  return name.replace(HIDDEN, codePoint);
}

function codePoint(character: string): string {
  return `⟨U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}⟩`;
}

/** The identity of a project. The same project id at two sites is two projects. */
export function projectKey(site: string, projectId: string): string {
  return `${site}\n${projectId}`;
}

/** The order of texts by their characters, the same for every reader. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** The order of names, as in answers of the portal: the root order of Unicode for every reader, and 9 before 10. */
export const compareNames = new Intl.Collator('en', { numeric: true }).compare;
