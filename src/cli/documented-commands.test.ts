import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { Command, type Option } from 'commander';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { checkCommand } from './check/check.ts';
import { demoCommand } from './demo.ts';
import { doctorCommand } from './doctor/doctor.ts';
import { exporterCommand } from './exporter.ts';
import { gateCommand } from './gate.ts';
import { initCommand } from './init/init.ts';
import { portalCommand } from './portal.ts';
import { quoteCommand } from './quote/quote.ts';
import { reportCommand } from './report/report.ts';
import { simulateCommand } from './simulate.ts';
import { tokenCommand } from './token.ts';

const root = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const pages = ['README.md', ...readdirSync(new URL('docs/', root)).map((name) => `docs/${name}`)].filter(
  (path) => path.endsWith('.md'),
);

/** The commands of a page as words: those of code blocks, and those within a sentence. */
function commandsOf(page: string): string[][] {
  const text = page.replaceAll(/\\\n\s*|\\\|\S+/g, ' ');
  const lines = text.match(/^ {4,}\S.*$/gm) ?? [];
  const fenced = [...text.matchAll(/^```sh\n([^]*?)^```/gm)].flatMap(([, block = '']) => block.split('\n'));
  const spans = [...text.replaceAll(/^```[^]*?^```/gm, '').matchAll(/`([^`]+)`/g)].map(
    ([, code = '']) => code,
  );
  return [...lines, ...fenced, ...spans]
    .flatMap((line) => line.replaceAll(/\s+/g, ' ').split(/&&|;|\||[()]| #| [<>] /))
    .map((command) => command.trim().replace(/^([A-Z_]+=\S+ )+/, ''))
    .map((command) =>
      [...command.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
        ([, single, double, plain]) => single ?? double ?? plain ?? '',
      ),
    );
}

const program = new Command('stackmeter');
const COMMANDS = [
  checkCommand,
  demoCommand,
  doctorCommand,
  exporterCommand,
  gateCommand,
  initCommand,
  portalCommand,
  quoteCommand,
  reportCommand,
  simulateCommand,
  tokenCommand,
];
for (const make of COMMANDS) program.addCommand(make());

/** The first word that is no subcommand or option of a command. A subcommand has the options of the commands above it. */
function unknownWord(
  command: Command,
  [first = '', ...rest]: readonly string[],
  above: readonly Option[] = [],
): string | undefined {
  const options = [...above, ...command.options];
  const inner = command.commands.find((one) => one.name() === first);
  if (inner !== undefined) return unknownWord(inner, rest, options);
  const isName = /^[a-z]/.test(first) && command.registeredArguments.length === 0;
  if (isName) return `${command.name()} ${first}`;
  const known = new Set<string | undefined>([
    '--help',
    ...options.flatMap(({ short, long }) => [short, long]),
  ]);
  return [first, ...rest]
    .filter((word) => /^--?[a-z]/.test(word))
    .map((word) => word.split('=')[0])
    .find((flag) => !known.has(flag));
}

/** A command of docker-compose: what it names, and the command that runs in the container. */
interface ContainerCommand {
  files: string[];
  services: string[];
  started: string[];
}

const STACKMETER = ['node', 'dist/cli/main.js'];

/** Reads a command of docker-compose with the options that it has. Throws for others. */
function containerCommandOf(words: readonly string[]): ContainerCommand {
  const found: ContainerCommand = { files: [], services: [], started: [] };
  const compose = new Command('docker-compose')
    .enablePositionalOptions()
    .option('-f, --file <FILE>', '', (file) => void found.files.push(file))
    .option('--profile <NAME>')
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  const add = (usage: string, action: (services: string[]) => void) =>
    compose.command(`${usage} [services...]`).action(action);
  const name = (services: string[]) => void found.services.push(...services);
  add('up', name).option('-d, --detach').option('--build').option('--force-recreate');
  add('kill', name).option('-s <SIGNAL>');
  add('rm', name).option('--stop').option('--force');
  add('logs', name);
  add('restart', name);
  compose
    .command('exec <service> [words...]')
    .passThroughOptions()
    .action((service: string, started: string[]) => {
      Object.assign(found, { services: [service], started });
    });
  compose
    .command('run <service> [words...]')
    .passThroughOptions()
    .option('--rm')
    .option('--volume <VOLUME>')
    .option('--entrypoint <WORDS>')
    .action((service: string, after: string[], { entrypoint }: { entrypoint?: string }) => {
      const before = entrypoint?.split(' ') ?? (after.length > 0 ? STACKMETER : []);
      Object.assign(found, { services: [service], started: [...before, ...after] });
    });
  compose.parse(words[0] === '…' ? ['-f', ...words] : words, { from: 'user' });
  return found;
}

/** What docker-compose would not find: a file, a service of these files, or a word of the command in the container. */
function missingIn({ files, services, started }: ContainerCommand): string[] {
  const named = files.filter((file) => file !== '…');
  const absent = named.filter((file) => !existsSync(new URL(file, root)));
  if (absent.length > 0) return absent;
  const known = new Set(
    named.flatMap((file) => Object.keys((parse(read(file)) as { services: object }).services)),
  );
  const unknown = services.filter((service) => named.length > 0 && !known.has(service));
  const isOwn = STACKMETER.every((word, index) => started[index] === word);
  const word = isOwn ? unknownWord(program, started.slice(STACKMETER.length)) : undefined;
  return word === undefined ? unknown : [...unknown, word];
}

function faultOf([name = '', ...words]: readonly string[]): string[] {
  if (name === 'docker-compose') return missingIn(containerCommandOf(words));
  if (name === 'stackmeter') return [unknownWord(program, words) ?? []].flat();
  const units = /^(systemctl|journalctl)$/.test(name)
    ? words.filter((word) => /^stackmeter-[a-z]/.test(word))
    : [];
  return units.filter(
    (unit) => !existsSync(new URL(`deploy/systemd/${unit.replace(/(?<!\.timer)$/, '.service')}`, root)),
  );
}

it.each(pages)('%s names only commands, options, services and units that there are', (path) => {
  const found = commandsOf(read(path)).filter(([name]) => name !== undefined);
  expect(found.flatMap((words) => faultOf(words))).toEqual([]);
});

it('a command, option or service that is not there is found', () => {
  const faults = (line: string) => commandsOf(`    ${line}\n`).flatMap((words) => faultOf(words));
  expect(faults('A=b stackmeter portal ledger mend')).toEqual(['ledger mend']);
  expect(faults('stackmeter check x && stackmeter doctor --potral URL')).toEqual(['--potral']);
  expect(faults('docker-compose -f docker-compose.site.yml run --rm exporter doctor --gates x')).toEqual([
    '--gates',
  ]);
  expect(faults('docker-compose -f docker-compose.site.yml logs gate')).toEqual(['gate']);
  expect(faults('systemctl reload stackmeter-gate stackmeter-door')).toEqual(['stackmeter-door']);
  expect(() => faults('docker-compose … up --detached')).toThrow("unknown option '--detached'");
});
