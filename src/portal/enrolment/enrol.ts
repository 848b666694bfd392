import { dirname, resolve } from 'node:path';
import { answers, readReply, type Reply } from '../../enrolment/reply.ts';
import { shortCode } from '../../enrolment/short-code.ts';
import type { Clock } from '../../runtime/clock.ts';
import { replaceFile } from '../../runtime/files/replace-file.ts';
import { readTextFile } from '../../runtime/files/text-file.ts';
import { withTable } from '../../runtime/files/toml-tables.ts';
import { UserError } from '../../runtime/user-error.ts';
import { SweepFailure } from '../collector/sweep-failure.ts';
import { readPortalConfig, readSiteTables } from '../settings/settings.ts';
import { readCertificates, siteConfig, type SiteConfig } from '../settings/site-settings.ts';
import type { Invitation } from '../../enrolment/invitation.ts';
import { look } from './look.ts';
import { forgetToken, isTokenOf, openInvitation } from './open-invitation.ts';
import { placeOf, tokenInUse, type EnrolmentSources } from './place.ts';

/** A reply, with the invitation that it answers. */
export interface Enrolment {
  reply: Reply;
  /** Covers both lines. */
  code: string;
  /** Secret. */
  token: string;
  invitation: Invitation;
  /** Whether portal.toml does not have the site yet. */
  isNew: boolean;
}

/** Reads a reply, and finds its invitation. Changes nothing. Throws `UserError`. */
export function prepareEnrolment(text: string, sources: EnrolmentSources): Enrolment {
  const { configFile } = sources;
  const { line, reply } = readReply(text);
  const open = openInvitation(configFile, reply.site);
  if (open === undefined)
    throw new UserError(
      `there is no invitation for ${reply.site} beside ${configFile}: was it made with another --config?`,
    );
  if (!answers(reply, open.line))
    throw new UserError(
      `the reply is to an earlier invitation for ${reply.site}: send the site the last one, which 'portal invite ${reply.site}' prints again`,
    );
  const { invitation } = open;
  // A repeat finds the token in its last place.
  const token = [open.token, tokenInUse(reply.site, sources)].find((known) => isTokenOf(invitation, known));
  if (token === undefined)
    throw new UserError(`the token of this invitation is gone: invite ${reply.site} again`);
  const isNew = !readSiteTables(sources).sites.some(({ name }) => name === reply.site);
  return { reply, code: shortCode(open.line, line), token, invitation, isNew };
}

/**
 * Reads the gate once with the new token. Then writes certificate and token, and adds the site to portal.toml if it is new.
 * If the gate cannot be read, changes nothing. Returns words for what the portal sees. Throws `UserError`.
 */
export async function enrol(enrolment: Enrolment, sources: EnrolmentSources, clock: Clock): Promise<string> {
  const { reply, token } = enrolment;
  const { configFile } = sources;
  const { table, added } = placeOf(enrolment, sources);
  const folder = dirname(configFile);
  const certificates = reply.certificates ?? readCertificates(table, folder);
  const seen = await lookAt(siteConfig(table, token, certificates), clock);
  if (reply.certificates !== undefined && table.ca_file !== undefined)
    await replaceFile(resolve(folder, table.ca_file), reply.certificates, { like: configFile });
  if (table.token_file !== undefined)
    await replaceFile(resolve(folder, table.token_file), `${token}\n`, { like: configFile, secret: true });
  if (added !== undefined) {
    const check = (path: string) => readPortalConfig({ ...sources, configFile: path });
    await replaceFile(configFile, withTable(readTextFile(configFile), 'site', added), { check });
  }
  await forgetToken(configFile, reply.site);
  return seen;
}

async function lookAt(site: SiteConfig, clock: Clock): Promise<string> {
  try {
    return await look(site, clock);
  } catch (error) {
    if (!(error instanceof SweepFailure)) throw error;
    throw new UserError(
      `${site.name} cannot be read at ${site.url}: ${error.message}; nothing was changed: run the command again when this is mended`,
      { cause: error },
    );
  }
}
