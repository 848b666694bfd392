import { dirname, resolve } from 'node:path';
import type { Invitation } from '../../enrolment/invitation.ts';
import type { Reply } from '../../enrolment/reply.ts';
import { readOptionalFile } from '../../runtime/files/text-file.ts';
import type { SettingsSources } from '../../runtime/settings/settings.ts';
import { firstIssue } from '../../runtime/settings/strict-table.ts';
import { UserError } from '../../runtime/user-error.ts';
import { readSiteTables } from '../settings/settings.ts';
import { siteTables, tokenVariable, type SiteTable } from '../settings/site-settings.ts';

export type EnrolmentSources = SettingsSources & { configFile: string };

interface Wish {
  reply: Reply;
  invitation: Invitation;
  /** Secret. */
  token: string;
}

/** The place of a site in portal.toml. */
export interface Place {
  table: SiteTable;
  /** The table that portal.toml gets; undefined if it has the site already. */
  added: Record<string, string | boolean | undefined> | undefined;
}

/** Throws `UserError` if another site, or the operator's own changes, would lose something. */
export function placeOf(wish: Wish, sources: EnrolmentSources): Place {
  const { sites } = readSiteTables(sources);
  const known = sites.find(({ name }) => name === wish.reply.site);
  const added = known === undefined ? newTable(wish) : undefined;
  const table = known ?? parsed(newTable(wish));
  refuseVariable(table, sources);
  refuseShared(table, sites);
  if (known === undefined) refuseOverwrite(wish, table, dirname(sources.configFile));
  else refuseOtherPlace(known, wish.reply);
  return { table, added };
}

/** Secret: the token of the site's `token_file`; undefined without one. */
export function tokenInUse(site: string, sources: EnrolmentSources): string | undefined {
  const known = readSiteTables(sources).sites.find(({ name }) => name === site);
  if (known?.token_file === undefined) return undefined;
  return readOptionalFile(resolve(dirname(sources.configFile), known.token_file))?.trim();
}

/** The files of a site that `enrol` adds. */
export function ownFiles(site: string) {
  return { token: `${site}.token`, certificates: `${site}.pem` };
}

function newTable({ reply: { site, url, certificates }, invitation: { serverHours } }: Wish) {
  return {
    name: site,
    url,
    token_file: ownFiles(site).token,
    ca_file: certificates === undefined ? undefined : ownFiles(site).certificates,
    server_hours: serverHours || undefined,
  };
}

/** Checks the address, before the token is sent there. */
function parsed(added: ReturnType<typeof newTable>): SiteTable {
  const result = siteTables.safeParse([added]);
  const [table] = result.data ?? [];
  if (table !== undefined) return table;
  throw new UserError(
    `the reply of ${added.name}: ${result.error === undefined ? '' : firstIssue(result.error)}`,
  );
}

/** The operator changes the address of a known site, because its table may say more about it. */
function refuseOtherPlace({ name, url, token_file: token, ca_file: ca }: SiteTable, reply: Reply): void {
  const missing =
    new URL(url).href !== new URL(reply.url).href
      ? `url = "${reply.url}" in place of ${url}`
      : token === undefined
        ? `token_file = "${ownFiles(name).token}"`
        : ca === undefined && reply.certificates !== undefined
          ? `ca_file = "${ownFiles(name).certificates}"`
          : undefined;
  if (missing !== undefined)
    throw new UserError(
      `portal.toml has ${name} in another way: write ${missing} into its [[site]], then run the command again`,
    );
}

/** The portal would go on with the token of the variable, which the site then ends. */
function refuseVariable({ name }: SiteTable, { env }: EnrolmentSources): void {
  const variable = tokenVariable(name);
  if ((env[variable] ?? '') !== '')
    throw new UserError(`${variable} wins over the token file of ${name}: unset it, for the portal too`);
}

function refuseShared(table: SiteTable, sites: readonly SiteTable[]): void {
  for (const key of ['token_file', 'ca_file'] as const) {
    const file = table[key];
    const other = sites.find((site) => site.name !== table.name && file !== undefined && site[key] === file);
    if (other !== undefined)
      throw new UserError(`${other.name} has ${key} = "${file}" too: give it a file of its own first`);
  }
}

/** A repeat finds its own files. */
function refuseOverwrite({ reply, token }: Wish, table: SiteTable, folder: string): void {
  for (const [file, content] of [
    [table.token_file, token],
    [table.ca_file, reply.certificates],
  ]) {
    if (file === undefined) continue;
    const path = resolve(folder, file);
    if (![undefined, content?.trim()].includes(readOptionalFile(path)?.trim()))
      throw new UserError(`${path} is there already, and no [[site]] names it: move it away`);
  }
}
