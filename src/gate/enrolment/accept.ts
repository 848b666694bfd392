import { X509Certificate } from 'node:crypto';
import { instantWords } from '../../enrolment/fields.ts';
import { readInvitation, type Invitation } from '../../enrolment/invitation.ts';
import { replyLine } from '../../enrolment/reply.ts';
import { shortCode } from '../../enrolment/short-code.ts';
import { readOptionalFile } from '../../runtime/files/text-file.ts';
import type { SettingsSources } from '../../runtime/settings/settings.ts';
import { UserError } from '../../runtime/user-error.ts';
import { changeOf, readPlaces, writeChange, type TokenChange, type TokenPlace } from './known-tokens.ts';
import { certificatesFor, ownAddress } from './own-address.ts';
import type { Shares } from './readable.ts';
import { withTokenLine, withTokenTable } from './token-text.ts';

export interface AcceptOptions {
  url?: string | undefined;
  /** The file with the certificates that the portal is to trust. */
  ca?: string | undefined;
}

/** An invitation, and all that follows if the site accepts it. */
export interface Acceptance {
  invitation: Invitation;
  /** Covers the invitation. */
  code: string;
  shares: Shares;
  url: string;
  certificates: string | undefined;
  /** Undefined if the gate has the token already. */
  change: TokenChange | undefined;
  /** The names of the gate's other tokens, without those that have expired. */
  others: readonly string[];
  reply: string;
  /** Covers both lines. */
  replyCode: string;
}

/** Reads an invitation, and works out what it changes. Changes nothing. Throws `UserError`. */
export function prepareAcceptance(
  text: string,
  sources: SettingsSources,
  options: AcceptOptions,
  nowMs: number,
): Acceptance {
  const { line, invitation } = readInvitation(text);
  refuseEnded(invitation, nowMs);
  const { settings, selectors, tables, config, file } = readPlaces(sources);
  const newest = tables.findLast(({ name }) => config !== undefined && name === invitation.portal);
  const shares = {
    selectors: newest?.selectors ?? selectors,
    serverHours: givesServerHours(invitation, sources, settings.serverHours),
    dropLabels: newest?.dropLabels ?? [],
    hashLabels: newest?.hashLabels ?? [],
  };
  const certificate = readCertificate(settings.tlsCert);
  const url = ownAddress(options.url, settings.listen, certificate);
  const certificates = options.ca === undefined ? certificatesFor(certificate) : readPem(options.ca);
  const trust = certificates === undefined ? {} : { certificates };
  const reply = replyLine(line, { site: invitation.site, url, ...trust });
  const known = [config, file]
    .flatMap((place) => place?.known ?? [])
    .filter(({ expiresMs = Infinity }) => expiresMs > nowMs);
  const others = known.filter(({ hash }) => hash !== invitation.hash);
  return {
    invitation,
    code: shortCode(line),
    shares,
    url,
    certificates,
    change: others.length < known.length ? undefined : additionOf(invitation, config, file),
    others: [...new Set(others.map(({ name }) => name))],
    reply,
    replyCode: shortCode(line, reply),
  };
}

/** A `[[token]]` gives out what the invitation asks for; a line of a token file, what the gate gives to all such lines. */
function givesServerHours(
  { serverHours }: Invitation,
  { configFile }: SettingsSources,
  toAll: boolean,
): boolean {
  if (configFile !== undefined) return serverHours;
  if (serverHours && !toAll)
    throw new UserError(
      'the invitation asks for server hours, which a line of a token file cannot allow: give the gate a gate.toml (--config), or allow them to all tokens (--server-hours)',
    );
  return toAll;
}

/** Lets the gate take the token from now on. Throws `UserError`. */
export async function accept({ change }: Acceptance): Promise<void> {
  if (change !== undefined) await writeChange(change);
}

function refuseEnded({ ends, expires }: Invitation, nowMs: number): void {
  if (Date.parse(ends) <= nowMs)
    throw new UserError(`the invitation ended at ${instantWords(ends)}: ask the portal for a new one`);
  if (expires !== undefined && Date.parse(expires) <= nowMs)
    throw new UserError(
      `the token of the invitation expired at ${instantWords(expires)}: ask the portal for a new one`,
    );
}

/** A gate with a gate.toml gets a `[[token]]` there, any other gate a line in its token file. */
function additionOf(
  invitation: Invitation,
  config: TokenPlace | undefined,
  file: TokenPlace | undefined,
): TokenChange {
  if (config !== undefined) return changeOf(config, withTokenTable(config.text, invitation));
  if (file !== undefined) return changeOf(file, withTokenLine(file.text, invitation));
  throw new UserError(
    'where are the tokens of the gate? give the --config FILE or the --token-file FILE that the gate has',
  );
}

function readCertificate(path: string | undefined): X509Certificate | undefined {
  return path === undefined ? undefined : new X509Certificate(readPem(path));
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** The certificates of a file, and no key that may stand beside them. */
function readPem(path: string): string {
  const found = readOptionalFile(path)?.match(CERTIFICATE);
  if (found === undefined || found === null) throw new UserError(`${path} has no certificate in PEM`);
  return `${found.join('\n')}\n`;
}
