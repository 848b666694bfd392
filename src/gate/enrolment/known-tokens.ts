import { replaceFile } from '../../runtime/files/replace-file.ts';
import { readOptionalFile, readTextFile } from '../../runtime/files/text-file.ts';
import { readSettings, type SettingsSources } from '../../runtime/settings/settings.ts';
import { readTokens } from '../settings/gate-tokens.ts';
import { gateSections, gateSettings, readGateConfig } from '../settings/settings.ts';
import { parseTokenFile } from '../tokens/token-file.ts';
import type { Token } from '../tokens/tokens.ts';

/** A token of the gate, by its name and hash (`sha256:…`). */
interface KnownToken {
  name: string;
  hash: string;
  expiresMs: number | undefined;
}

/** The text of a file with tokens, and how to check another text for it. */
export interface TokenPlace {
  path: string;
  text: string;
  known: readonly KnownToken[];
  check: (path: string) => unknown;
}

/** A new text for a place. */
export interface TokenChange extends Pick<TokenPlace, 'path' | 'check'> {
  before: string;
  text: string;
}

export function changeOf({ path, text: before, check }: TokenPlace, text: string): TokenChange {
  return { path, check, before, text };
}

/** Changes nothing if somebody else changed the file since it was read: a removed token must not come back. Throws `UserError`. */
export async function writeChange({ path, text, check, before }: TokenChange): Promise<void> {
  await replaceFile(path, text, { check, before, secret: true });
}

/**
 * The settings of a gate and its places for tokens, either of which may be absent. The gate need not be able to run yet: its
 * first token may still be missing. Throws `UserError`.
 */
export function readPlaces(sources: SettingsSources) {
  const { settings, sections } = readSettings(gateSettings, sources, gateSections);
  const { configFile } = sources;
  const { tokenFile } = settings;
  const config: TokenPlace | undefined =
    configFile === undefined
      ? undefined
      : {
          path: configFile,
          text: readTextFile(configFile),
          known: (sections.token ?? []).map(knownToken),
          check: (path) => readTokens(readGateConfig({ ...sources, configFile: path })),
        };
  return {
    settings,
    tables: sections.token ?? [],
    selectors: sections.selectors,
    config,
    file: tokenFile === undefined ? undefined : filePlace(tokenFile),
  };
}

function filePlace(path: string): TokenPlace {
  const text = readOptionalFile(path) ?? '';
  return {
    path,
    text,
    known: text.trim() === '' ? [] : parseTokenFile(text, path).map(knownToken),
    check: (temporary) => parseTokenFile(readTextFile(temporary), temporary),
  };
}

function knownToken({ name, hash, expiresMs }: Token): KnownToken {
  return { name, hash: `sha256:${hash.toString('hex')}`, expiresMs };
}
