import { X509Certificate } from 'node:crypto';
import { Command } from 'commander';
import { instantWords } from '../../enrolment/fields.ts';
import {
  accept,
  prepareAcceptance,
  type Acceptance,
  type AcceptOptions,
} from '../../gate/enrolment/accept.ts';
import { readableWords } from '../../gate/enrolment/readable.ts';
import { prepareRemoval, removeTokens } from '../../gate/enrolment/removal.ts';
import type { SettingsSources } from '../../runtime/settings/settings.ts';
import { UserError } from '../../runtime/user-error.ts';
import { settingsSources } from '../options.ts';
import { tell } from '../terminal.ts';
import { confirm } from './confirm.ts';
import { lineArgument } from './line-argument.ts';

export function acceptCommand(): Command {
  return new Command('accept')
    .description('says what an invitation lets a portal read, asks, and prints the line that answers it')
    .argument('[INVITATION...]', 'the line of the invitation, or a file with it')
    .option(
      '--url <URL>',
      "address under which the portal reaches the gate (default: from the gate's certificate)",
    )
    .option(
      '--ca <FILE>',
      "certificates that the portal is to trust (default: the gate's certificate if it signed itself)",
    )
    .option('--end-old <PORTAL>', 'end the earlier tokens of a portal that reads with its newest one')
    .option('--remove <PORTAL>', 'end all tokens of a portal')
    .option('--yes', 'do not ask')
    .action(async (words: string[], _flags, called: Command) => {
      const { url, ca, endOld, remove, yes = false } = called.opts<AcceptFlags>();
      const sources = settingsSources(called.optsWithGlobals());
      if (remove !== undefined) return await end(remove, 'none', sources, yes);
      if (endOld !== undefined) return await end(endOld, 'newest', sources, yes);
      if (words.length === 0) throw new UserError('name the line of the invitation, or a file with it');
      const acceptance = prepareAcceptance(lineArgument(words), sources, { url, ca }, Date.now());
      explain(acceptance);
      await confirm('Is the code the same at the portal, and may it read this?', yes);
      await accept(acceptance);
      explainReply(acceptance);
      process.stdout.write(`${acceptance.reply}\n`);
    });
}

interface AcceptFlags extends AcceptOptions {
  endOld?: string;
  remove?: string;
  yes?: boolean;
}

async function end(
  portal: string,
  keep: 'newest' | 'none',
  sources: SettingsSources,
  yes: boolean,
): Promise<void> {
  const removal = prepareRemoval(portal, keep, sources, Date.now());
  if (removal.length === 0) return tell(`${portal} has one token only.`);
  const what = keep === 'none' ? 'all tokens' : 'all tokens except the newest';
  await confirm(`End ${what} of ${portal}?`, yes);
  await removeTokens(removal);
  tell(`${what} of ${portal} have ended; a running gate knows it within two seconds.`);
}

function explain({ invitation, shares, url, certificates, code, others }: Acceptance): void {
  const { portal, site, expires } = invitation;
  tell(
    `The portal ${portal} would like to read ${site}. It would read:`,
    ...readableWords(shares).map((words) => `- ${words}`),
    `and nothing else, ${expires === undefined ? 'until you remove its token' : `until ${instantWords(expires)}`}.`,
    `It gets the address ${url}, and ${certificateWords(url, certificates)}.`,
    ...(others.includes(portal)
      ? [`The gate has a token of ${portal} already. If ${portal} did not tell you of a new one, say no.`]
      : []),
    `Code of the invitation: ${code}`,
  );
}

function certificateWords(url: string, certificates: string | undefined): string {
  if (url.startsWith('http:')) return 'no certificate: a portal on this machine needs none';
  if (certificates === undefined)
    return 'no certificate: its system must know the authority that signed yours';
  return `the certificate ${new X509Certificate(certificates).fingerprint256}`;
}

function explainReply({ invitation: { portal, start }, change, others, replyCode }: Acceptance): void {
  tell(
    change === undefined
      ? `The gate has the token of ${portal} already.`
      : `${change.path} has the token of ${portal} now; a running gate reads it within two seconds.`,
    ...(others.length === 0 ? [] : [`Its other tokens: ${others.join(', ')}.`]),
    ...(others.includes(portal)
      ? [`Once ${portal} has enrolled with the new one, run: stackmeter gate accept --end-old ${portal}`]
      : []),
    ...(start === undefined
      ? []
      : [
          `The portal would like usage from ${start} on: a first start of the exporter can have --start ${start}.`,
        ]),
    'If the gate does not run yet, start it. The portal tries it when it enrols the site.',
    `Send this line to the portal. Its code, to compare by phone: ${replyCode}`,
  );
}
