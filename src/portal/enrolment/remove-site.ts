import { rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { NAME_PATTERN } from '../../enrolment/fields.ts';
import { replaceFile } from '../../runtime/files/replace-file.ts';
import { readTextFile } from '../../runtime/files/text-file.ts';
import { withoutTables } from '../../runtime/files/toml-tables.ts';
import { UserError } from '../../runtime/user-error.ts';
import { readPortalConfig, readSiteTables } from '../settings/settings.ts';
import type { SiteTable } from '../settings/site-settings.ts';
import { forgetInvitation, openInvitation } from './open-invitation.ts';
import { ownFiles, type EnrolmentSources } from './place.ts';

/** Throws `UserError` if the portal neither reads nor has invited this site. */
export function refuseUnknown(site: string, sources: EnrolmentSources): void {
  const { sites } = readSiteTables(sources);
  if (sites.some(({ name }) => name === site)) return;
  // Another name could be a path to the invitation of another portal.
  if (NAME_PATTERN.test(site) && openInvitation(sources.configFile, site) !== undefined) return;
  const names = sites.map(({ name }) => name).join(', ');
  throw new UserError(
    `${sources.configFile} has no site ${site}; it has ${names === '' ? 'none' : `only: ${names}`}`,
  );
}

/**
 * Removes a site from portal.toml, then its invitation, and its token and certificate if it has them in the files that
 * `enrol` makes. Its usage stays in the ledger. `reload` makes the running portal read portal.toml before the files go. Throws
 * `UserError`.
 */
export async function removeSite(
  site: string,
  sources: EnrolmentSources,
  reload: () => Promise<void>,
): Promise<void> {
  const { configFile } = sources;
  const removed = readSiteTables(sources).sites.find(({ name }) => name === site);
  const text = withoutTables(readTextFile(configFile), 'site', ({ name }) => name === site);
  await replaceFile(configFile, text, {
    check: (path) => readPortalConfig({ ...sources, configFile: path }),
  });
  await reload();
  await forgetInvitation(configFile, site);
  const left = new Set(readSiteTables(sources).sites.flatMap(filesOf));
  const own = Object.values(ownFiles(site));
  for (const file of removed === undefined ? [] : filesOf(removed))
    if (own.includes(file) && !left.has(file)) await rm(resolve(dirname(configFile), file), { force: true });
}

function filesOf({ token_file: token, ca_file: ca }: SiteTable): string[] {
  return [token, ca].filter((file) => file !== undefined);
}
