import { dirname, join } from 'node:path';
import { rm } from 'node:fs/promises';
import { readInvitation, type Invitation } from '../../enrolment/invitation.ts';
import { replaceFile } from '../../runtime/files/replace-file.ts';
import { readOptionalFile } from '../../runtime/files/text-file.ts';
import { hashOf } from '../access/secrets.ts';

/** The last invitation of a site, beside portal.toml. */
export interface OpenInvitation {
  line: string;
  invitation: Invitation;
  /** Secret: the token, until the site is enrolled with it. */
  token: string | undefined;
}

/** Reads the last invitation of a site; undefined if there is none. Throws `UserError`. */
export function openInvitation(configFile: string, site: string): OpenInvitation | undefined {
  const files = filesOf(configFile, site);
  const text = readOptionalFile(files.invitation);
  if (text === undefined) return undefined;
  return { ...readInvitation(text), token: readOptionalFile(files.token)?.trim() };
}

/** The token is there first: an invitation without it would be worth nothing. */
export async function keepInvitation(
  configFile: string,
  site: string,
  { line, token }: { line: string; token: string },
): Promise<void> {
  const files = filesOf(configFile, site);
  await replaceFile(files.token, `${token}\n`, { like: configFile, secret: true });
  await replaceFile(files.invitation, `${line}\n`, { like: configFile });
}

/** Called once the token is where the portal reads it. */
export async function forgetToken(configFile: string, site: string): Promise<void> {
  await rm(filesOf(configFile, site).token, { force: true });
}

/** Called when the site is removed. A reply to the invitation is then refused. */
export async function forgetInvitation(configFile: string, site: string): Promise<void> {
  await rm(filesOf(configFile, site).invitation, { force: true });
  await forgetToken(configFile, site);
}

/** Whether this is the token of the invitation. */
export function isTokenOf({ hash }: Invitation, token: string | undefined): token is string {
  return token !== undefined && hash === hashText(token);
}

export function hashText(token: string): string {
  return `sha256:${hashOf(token).toString('hex')}`;
}

function filesOf(configFile: string, site: string) {
  const path = join(dirname(configFile), site);
  return { token: `${path}.next-token`, invitation: `${path}.invitation` };
}
