import { hostname } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import { NAME_PATTERN } from '../../enrolment/fields.ts';
import { invitationLine, type Invitation } from '../../enrolment/invitation.ts';
import { isLoopback } from '../../runtime/http/listen.ts';
import type { SettingsSources } from '../../runtime/settings/settings.ts';
import { UserError } from '../../runtime/user-error.ts';
import { newSecret } from '../access/secrets.ts';
import { readSiteTables } from '../settings/settings.ts';
import {
  hashText,
  isTokenOf,
  keepInvitation,
  openInvitation,
  type OpenInvitation,
} from './open-invitation.ts';

export interface InvitationWish {
  site: string;
  /** The name of the portal, for the site. */
  portal?: string | undefined;
  /** How long the invitation is good, in days. */
  days: number;
  expires?: string | undefined;
  start?: string | undefined;
  serverHours?: boolean | undefined;
}

/**
 * Makes a token and an invitation, and keeps both beside portal.toml. The same wish again gives the same line, until the
 * invitation ends or the site is enrolled. Throws `UserError`.
 */
export async function invite(
  wish: InvitationWish,
  sources: SettingsSources & { configFile: string },
  nowMs: number,
): Promise<{ line: string; invitation: Invitation }> {
  const wanted = wantedOf(wish, sources);
  const known = openInvitation(sources.configFile, wish.site);
  if (known !== undefined && isStillGood(known, wanted, nowMs)) return known;
  const token = newSecret();
  const ends = new Date(nowMs + wish.days * 86_400_000).toISOString();
  const invitation = { ...wanted, hash: hashText(token), ends };
  const line = invitationLine(invitation);
  await keepInvitation(sources.configFile, wish.site, { line, token });
  return { line, invitation };
}

type Content = Omit<Invitation, 'hash' | 'ends'>;

function wantedOf(wish: InvitationWish, sources: SettingsSources): Content {
  const { publicUrl, sites } = readSiteTables(sources);
  const publicName = publicUrl?.hostname;
  const portal =
    wish.portal ?? (publicName === undefined || isLoopback(publicName) ? hostname() : publicName);
  for (const [where, name] of Object.entries({ SITE: wish.site, '--as': portal }))
    if (!NAME_PATTERN.test(name))
      throw new UserError(`${where}: '${name}' may hold letters, digits, ".", "_" and "-", at most 63`);
  const known = sites.find(({ name }) => name === wish.site);
  return {
    portal,
    site: wish.site,
    ...(wish.expires === undefined ? {} : { expires: wish.expires }),
    ...(wish.start === undefined ? {} : { start: wish.start }),
    serverHours: wish.serverHours ?? known?.server_hours ?? false,
  };
}

function isStillGood({ invitation, token }: OpenInvitation, wanted: Content, nowMs: number): boolean {
  const { hash, ends, ...content } = invitation;
  const same = isDeepStrictEqual(content, wanted);
  return same && Date.parse(ends) > nowMs && isTokenOf({ ...content, hash, ends }, token);
}
