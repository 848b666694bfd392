import { Command } from 'commander';
import { date, instantWords } from '../../enrolment/fields.ts';
import type { Invitation } from '../../enrolment/invitation.ts';
import { shortCode } from '../../enrolment/short-code.ts';
import { parseExpiry } from '../../gate/tokens/token-file.ts';
import { invite } from '../../portal/enrolment/invite.ts';
import { UserError } from '../../runtime/user-error.ts';
import { configSources } from './config-sources.ts';
import { tell } from '../terminal.ts';

interface InviteFlags {
  as?: string;
  days: string;
  expires?: string;
  start?: string;
  serverHours?: boolean;
}

export function inviteCommand(): Command {
  return new Command('invite')
    .description('makes the token for a site, and prints the line that the site accepts; it holds no secret')
    .argument('<SITE>', 'name of the site at this portal')
    .option('--as <NAME>', 'name of this portal (default: the host of public_url, or of this machine)')
    .option('--days <DAYS>', 'how long the site may accept', '14')
    .option('--expires <DATE>', 'when the token expires, such as 2030-12-31 (00:00 UTC)')
    .option('--start <DATE>', 'day from which the portal would like to have usage; the site decides')
    .option('--server-hours', 'also ask for server hours')
    .action(async (site: string, _flags, called: Command) => {
      const flags = called.opts<InviteFlags>();
      const nowMs = Date.now();
      const sources = configSources(called);
      const { line, invitation } = await invite(
        {
          site,
          portal: flags.as,
          days: daysOf(flags.days),
          expires: flags.expires === undefined ? undefined : instantOf(flags.expires, nowMs),
          start: dateOf(flags.start),
          serverHours: flags.serverHours,
        },
        sources,
        nowMs,
      );
      explain(line, invitation, sources.configFile);
      process.stdout.write(`${line}\n`);
    });
}

function explain(line: string, { site, ends }: Invitation, configFile: string): void {
  tell(
    `Send this line to ${site}, which runs: stackmeter gate accept LINE`,
    `It can accept until ${instantWords(ends)}. Its code, to compare by phone: ${shortCode(line)}`,
    `Then run with the reply: stackmeter portal enrol REPLY --config ${configFile}`,
  );
}

function daysOf(text: string): number {
  const days = Number(text);
  if (Number.isInteger(days) && days >= 1 && days <= 365) return days;
  throw new UserError('--days: must be a whole number from 1 to 365');
}

function instantOf(text: string, nowMs: number): string {
  const instant = parseExpiry(text, '--expires');
  if (instant > nowMs) return new Date(instant).toISOString();
  throw new UserError(`--expires: '${text}' has passed: name a later day`);
}

function dateOf(text: string | undefined): string | undefined {
  if (text === undefined || date.safeParse(text).success) return text;
  throw new UserError(`--start: '${text}' is not a date such as 2026-01-01`);
}
