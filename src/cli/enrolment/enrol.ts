import { Command } from 'commander';
import { enrol, prepareEnrolment, type Enrolment } from '../../portal/enrolment/enrol.ts';
import { openInvitation } from '../../portal/enrolment/open-invitation.ts';
import type { EnrolmentSources } from '../../portal/enrolment/place.ts';
import { refuseUnknown, removeSite } from '../../portal/enrolment/remove-site.ts';
import { reloadRunning } from '../../portal/reload-over-socket.ts';
import { readLedgerPlace } from '../../portal/settings/settings.ts';
import { systemClock } from '../../runtime/clock.ts';
import { UserError } from '../../runtime/user-error.ts';
import { configSources } from './config-sources.ts';
import { tell } from '../terminal.ts';
import { confirm } from './confirm.ts';
import { lineArgument } from './line-argument.ts';

export function enrolCommand(): Command {
  return new Command('enrol')
    .description(
      "reads a site's reply, tries its gate, and adds the site to portal.toml and the running portal",
    )
    .argument('[REPLY...]', 'the line of the reply, or a file with it')
    .option('--remove <SITE>', 'remove a site instead; its usage stays in the ledger')
    .option('--yes', 'do not ask')
    .action(async (words: string[], _flags, called: Command) => {
      const { remove, yes = false } = called.opts<{ remove?: string; yes?: boolean }>();
      const sources = configSources(called);
      if (remove !== undefined) return await removeOne(remove, sources, yes);
      if (words.length === 0) throw new UserError('name the line of the reply, or a file with it');
      const enrolment = prepareEnrolment(lineArgument(words), sources);
      const { site, url } = enrolment.reply;
      tell(`${site} is at ${url}. Code of invitation and reply: ${enrolment.code}`);
      await confirm('Is the code the same at the site?', yes);
      process.stdout.write(`${site}: ${await enrol(enrolment, sources, systemClock)}\n`);
      tell(await reloadWords(sources), ...nextStep(enrolment));
    });
}

/** After a new token, the site still takes the old one. */
function nextStep({ isNew, reply: { site }, invitation: { portal } }: Enrolment): string[] {
  return isNew
    ? [
        'Usage counts from now on. It appears when the exporter has counted once more, usually within five minutes.',
      ]
    : [`Tell ${site} to end the old token: stackmeter gate accept --end-old ${portal}`];
}

async function removeOne(site: string, sources: EnrolmentSources, yes: boolean): Promise<void> {
  refuseUnknown(site, sources);
  const portal = openInvitation(sources.configFile, site)?.invitation.portal ?? 'PORTAL';
  await confirm(`Stop to read ${site}, and delete its token?`, yes);
  await removeSite(site, sources, async () => tell(await reloadWords(sources)));
  tell(
    `${site} is removed; its usage stays in the ledger. Tell ${site}: stackmeter gate accept --remove ${portal}`,
  );
}

async function reloadWords(sources: EnrolmentSources): Promise<string> {
  const { dataFolder } = readLedgerPlace(sources);
  return (await reloadRunning(dataFolder))
    ? 'The running portal has read portal.toml again.'
    : `No portal answers in ${dataFolder} (--data). If one runs elsewhere, send it SIGHUP.`;
}
