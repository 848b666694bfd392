import { parse } from 'smol-toml';
import type { Invitation } from '../../enrolment/invitation.ts';
import { withoutTables, withTable } from '../../runtime/files/toml-tables.ts';

/** The part of an invitation that the gate keeps. */
export type TokenEntry = Pick<Invitation, 'portal' | 'hash' | 'expires' | 'serverHours'>;

/** Whether a token goes, by its name and its hash as the text has it. */
export type IsGone = (name: unknown, hash: unknown) => boolean;

/** The keys of a `[[token]]` that belong to the portal rather than to one token. */
const KEPT_KEYS = [
  'selectors',
  'drop_labels',
  'hash_labels',
  'requests_per_minute',
  'concurrency',
  'addresses',
  'client_certificate',
  'client_name',
];

/** The text of a gate.toml with one more token at its end. It has the limits of the portal's newest token, if there is one. */
export function withTokenTable(text: string, { portal, hash, expires, serverHours }: TokenEntry): string {
  const tables = (parse(text)['token'] ?? []) as Record<string, string>[];
  const newest = tables.findLast(({ name }) => name === portal) ?? {};
  const kept = Object.fromEntries(KEPT_KEYS.map((key) => [key, newest[key]]));
  return withTable(text, 'token', { name: portal, hash, expires, server_hours: serverHours, ...kept });
}

export function withoutTokenTables(text: string, isGone: IsGone): string {
  return withoutTables(text, 'token', ({ name, hash }) => isGone(name, hash));
}

/** The text of a token file with one more token at its end. */
export function withTokenLine(text: string, { portal, hash, expires }: TokenEntry): string {
  const end = text === '' || text.endsWith('\n') ? '' : '\n';
  return `${text}${end}${portal} ${hash}${expires === undefined ? '' : ` expires ${expires}`}\n`;
}

export function withoutTokenLines(text: string, isGone: IsGone): string {
  const isGoneLine = (line: string) => {
    const [name, hash] = line.trim().split(/[ \t]+/);
    return isGone(name, hash);
  };
  return text
    .split(/(?<=\n)/)
    .filter((line) => !isGoneLine(line))
    .join('');
}
