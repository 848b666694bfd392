import type { SettingsSources } from '../../runtime/settings/settings.ts';
import { UserError } from '../../runtime/user-error.ts';
import { changeOf, readPlaces, writeChange, type TokenChange, type TokenPlace } from './known-tokens.ts';
import { withoutTokenLines, withoutTokenTables, withTokenLine, withTokenTable } from './token-text.ts';

/** The files without tokens of a portal. */
export type Removal = readonly TokenChange[];

/**
 * Works out which files change if a portal loses all its tokens, or all except the newest. A gate needs a token: where it
 * would have none, the last one stays as one that has expired. Throws `UserError`.
 */
export function prepareRemoval(
  portal: string,
  keep: 'newest' | 'none',
  sources: SettingsSources,
  nowMs: number,
): Removal {
  const { settings, config, file } = readPlaces(sources);
  // A gate.toml is where accept writes if there is one, so its tokens are newer than those of the token file.
  const all = [...(file?.known ?? []), ...(config?.known ?? [])];
  const last = all.findLast(({ name }) => name === portal);
  if (last === undefined)
    throw new UserError(
      all.length === 0
        ? 'the gate has no tokens here: name its file with --config or --token-file'
        : `the gate has no token of ${portal}; it has those of: ${[...new Set(all.map(({ name }) => name))].join(', ')}`,
    );
  const isGone = (name: unknown, hash: unknown) =>
    name === portal && !(keep === 'newest' && String(hash).toLowerCase() === last.hash);
  const goesFrom = ({ known }: TokenPlace) => known.some(({ name, hash }) => isGone(name, hash));
  const isEmpty = (place: TokenPlace) => place.known.every(({ name, hash }) => isGone(name, hash));
  const ended = { portal, hash: last.hash, expires: new Date(nowMs).toISOString(), serverHours: false };
  const changes: TokenChange[] = [];
  if (config !== undefined && goesFrom(config)) {
    const text = withoutTokenTables(config.text, isGone);
    const isLast = isEmpty(config) && file === undefined && settings.authToken === undefined;
    changes.push(changeOf(config, isLast ? withTokenTable(text, ended) : text));
  }
  if (file !== undefined && goesFrom(file)) {
    const text = withoutTokenLines(file.text, isGone);
    changes.push(changeOf(file, isEmpty(file) ? withTokenLine(text, ended) : text));
  }
  return changes;
}

/** Throws `UserError`. */
export async function removeTokens(removal: Removal): Promise<void> {
  for (const change of removal) await writeChange(change);
}
