/** Names come from sites and may be anything that Keystone takes: shown as text, with nothing invisible in them. */
export const NAMELESS = '(no name)';

const HIDDEN = /[\p{Cc}\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff]/gu;

/** A name as it is shown: control characters and what steers direction or takes no room as code points. */
export function visibleName(name: string): string {
  if (/^[\s\p{Cf}]*$/u.test(name)) return NAMELESS;
  return name.replace(HIDDEN, codePoint);
}

function codePoint(character: string): string {
  return `⟨U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}⟩`;
}

/** What tells a project from all others: the same project id at two sites is two projects. */
export function projectKey(site: string, projectId: string): string {
  return `${site}\n${projectId}`;
}
