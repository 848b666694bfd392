import { resolve } from 'node:path';
import { Command } from 'commander';
import { systemClock } from '../runtime/clock.ts';
import { runUntilSignal } from '../runtime/lifecycle.ts';
import { formatAddress } from '../runtime/http/listen.ts';
import { createLogger } from '../runtime/logger.ts';
import { createFederation } from '../simulation/federation/federation.ts';
import { demoSettings, readFederationConfig } from '../simulation/federation/settings.ts';
import { DEMO_PEOPLE } from '../simulation/identity/demo-people.ts';
import { addSettings, settingsSources } from './options.ts';

export function demoCommand(): Command {
  const command = new Command('demo').description(
    'a whole federation on this machine: two simulated sites, their gates, the portal with its pages',
  );
  return addSettings(command, demoSettings).action(async (flags: Record<string, unknown>) => {
    const logger = createLogger();
    const config = await readFederationConfig(settingsSources(flags));
    const federation = createFederation(config, {
      clock: systemClock,
      logger,
      onPortal: (address) => {
        say(`portal: http://${formatAddress(address)}/#/?range=30d`);
        say('sign in there as one of these people; nobody has a password:');
        for (const { name, what } of DEMO_PEOPLE) say(`  ${name}: ${what}`);
      },
      onProgress: reportProgress,
      onReady: (address) => say(`ready: http://${formatAddress(address)} (Ctrl-C ends it)`),
    });
    say(`data folder: ${resolve(config.dataFolder)}`);
    await runUntilSignal(federation, logger);
  });
}

/** Reports the first numbers, and then about every tenth of the hours. */
function reportProgress(done: number, hours: number): void {
  if (done === 1) say(`the pages fill while you look: ${hours} hours in fast motion`);
  else if (done % Math.ceil(hours / 10) === 0) say(`${done} of ${hours} hours are done`);
}

function say(text: string): void {
  process.stdout.write(`stackmeter demo: ${text}\n`);
}
