/** Names come from sites and may be anything that Keystone takes: shown as text, with nothing invisible in them. */
export const NAMELESS = '(no name)';

/** A name as it is shown: control characters as pictures (␀, ␊), bidirectional controls and the like as code points. */
export function visibleName(name: string): string {
  if (/^[\s\p{Cf}]*$/u.test(name)) return NAMELESS;
  return name
    .replace(/\p{Cc}/gu, controlPicture)
    .replace(/[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g, codePoint);
}

function controlPicture(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? '\u2421' : codePoint(character);
}

function codePoint(character: string): string {
  return `⟨U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}⟩`;
}

/** What tells a project from all others: the same project id at two sites is two projects. */
export function projectKey(site: string, projectId: string): string {
  return `${site}\n${projectId}`;
}
