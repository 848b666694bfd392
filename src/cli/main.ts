#!/usr/bin/env node
import { Command } from 'commander';
import { collectInShortPauses } from '../runtime/heap-growth.ts';
import { codeOf, describeError, UserError } from '../runtime/user-error.ts';
import { version } from '../runtime/version.ts';

/** Loads a subcommand only when it is called, so that none waits for the libraries of the others. */
const commands: Record<string, () => Promise<Command>> = {
  doctor: async () => (await import('./doctor/doctor.ts')).doctorCommand(),
  demo: async () => (await import('./demo.ts')).demoCommand(),
  exporter: async () => (await import('./exporter.ts')).exporterCommand(),
  gate: async () => (await import('./gate.ts')).gateCommand(),
  portal: async () => {
    collectInShortPauses(); // before the libraries fill the space for new objects
    return (await import('./portal.ts')).portalCommand();
  },
  init: async () => (await import('./init/init.ts')).initCommand(),
  simulate: async () => (await import('./simulate.ts')).simulateCommand(),
  check: async () => (await import('./check/check.ts')).checkCommand(),
  report: async () => (await import('./report/report.ts')).reportCommand(),
  quote: async () => (await import('./quote/quote.ts')).quoteCommand(),
  token: async () => (await import('./token.ts')).tokenCommand(),
};

async function main(argv: readonly string[]): Promise<void> {
  const program = new Command('stackmeter')
    .description('Federated metering of the usage of projects on OpenStack clouds')
    .version(version)
    .showSuggestionAfterError()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'stackmeter: ')) });
  const load = commands[argv[0] ?? ''];
  for (const loadOne of load ? [load] : Object.values(commands)) program.addCommand(await loadOne());
  await program.parseAsync(argv, { from: 'user' });
}

/** A reader that stops early, such as `head`, is no failure of this program. */
function ignoreBrokenPipe(error: unknown): void {
  if (codeOf(error) !== 'EPIPE') throw error;
}

function report(error: unknown): void {
  if (codeOf(error) === 'EPIPE') return;
  if (error instanceof UserError) {
    process.stderr.write(`stackmeter: ${error.message}\n`);
    process.exitCode = error.exitCode;
    return;
  }
  process.stderr.write(`stackmeter: internal error: ${describeError(error)}\n`);
  if (error instanceof Error) process.stderr.write(`${error.stack}\n`);
  process.exitCode = 70;
}

process.stdout.on('error', ignoreBrokenPipe);
process.stderr.on('error', ignoreBrokenPipe);
main(process.argv.slice(2)).catch(report);
