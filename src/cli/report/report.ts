import { writeFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { Argument, Command, Option } from 'commander';
import { readTextFile } from '../../runtime/files/text-file.ts';
import { isOverheard } from '../../runtime/http/listen.ts';
import { describeError, UserError } from '../../runtime/user-error.ts';
import { tell } from '../terminal.ts';
import { COMPARED, FILTERS, reportOf, type Question } from './ask.ts';
import type { Report } from './figures.ts';
import { PortalClient } from './portal-client.ts';
import { csvOf, jsonOf, xlsxOf } from './sheets.ts';
import { tableOf } from './table.ts';

const FORMATS = ['table', 'csv', 'json', 'xlsx'] as const;
type Format = (typeof FORMATS)[number];

interface ReportFlags extends Question {
  tokenFile?: string;
  format?: Format;
  bom?: boolean;
  output?: string;
}

export function reportCommand(): Command {
  const command = new Command('report')
    .description('prints the usage of a month, a quarter or any period, from the API of a portal')
    .addArgument(
      new Argument(
        '[PERIOD]',
        'such as 2026-10, 2026-Q2, 2026, 2026-04-01..2026-06-30 or this-month',
      ).default('last-month'),
    )
    .addOption(
      new Option('--portal <URL>', 'address of the portal')
        .env('STACKMETER_PORTAL')
        .default('http://127.0.0.1:8000'),
    )
    .addOption(
      new Option('--token-file <FILE>', 'file with a token of the API').env('STACKMETER_PORTAL_TOKEN_FILE'),
    );
  for (const name of FILTERS)
    command.option(
      `--${name} <${name.toUpperCase()}>`,
      `only this ${name}; repeat it for several`,
      (text: string, earlier: string[] | undefined) => [...(earlier ?? []), text],
    );
  return command
    .option('--by <KEYS>', 'what has lines of its own, with commas, as in the API', 'site,project,resource')
    .option('--step <STEP>', 'hour, day, month, quarter, year or total: a line for each', 'total')
    .option('--tz <ZONE>', 'time zone of the period, such as Europe/Berlin', 'UTC')
    .addOption(
      new Option('--compare [WITH]', 'with the period before, or the same a year before')
        .choices(Object.keys(COMPARED))
        .preset('before'),
    )
    .addOption(
      new Option('--format <FORMAT>', 'how to print (default: the ending of --output, or table)').choices(
        FORMATS,
      ),
    )
    .option('--bom', 'begin a CSV with a byte order mark, so that Excel reads it as UTF-8')
    .option('--output <FILE>', 'write this file instead of standard output')
    .action(async (period: string, flags: ReportFlags) => {
      const client = new PortalClient(addressOf(flags), tokenOf(flags.tokenFile));
      await write(await reportOf(client, period, flags), flags);
    });
}

function addressOf({ portal: text, tokenFile }: Pick<ReportFlags, 'portal' | 'tokenFile'>): URL {
  const url = URL.canParse(text) && /^https?:/.test(text) ? new URL(text) : undefined;
  if (url !== undefined && tokenFile !== undefined && isOverheard(url))
    throw new UserError(`--portal: ${url.origin} would get the token unencrypted; use https`);
  if (url?.username === '' && url.password === '') return url;
  throw new UserError('--portal: must be an address such as https://usage.example.org, without a password');
}

function tokenOf(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  let token: string;
  try {
    token = readTextFile(path).trim();
  } catch (error) {
    throw new UserError(`--token-file: ${describeError(error)}`, { cause: error });
  }
  // Any other file is somebody else's secret, such as the tokens of a gate.
  if (/^smt_[\w-]+$/.test(token)) return token;
  throw new UserError(`--token-file: ${path} must hold one token of the API, which begins with smt_`);
}

async function write(report: Report, flags: ReportFlags): Promise<void> {
  const { output } = flags;
  const format = flags.format ?? FORMATS.find((one) => extname(output ?? '') === `.${one}`) ?? 'table';
  const content = await contentOf(report, format, flags);
  if (output === undefined) process.stdout.write(content);
  else
    await writeFile(output, content).catch((error: unknown) => {
      throw new UserError(`cannot write ${output}: ${describeError(error)}`, { cause: error });
    });
  if (format === 'csv') tell(...report.notes);
}

function contentOf(
  report: Report,
  format: Format,
  { bom = false, output }: ReportFlags,
): string | Promise<Buffer> {
  const { isTTY, columns } = process.stdout;
  const isTerminal = output === undefined && isTTY;
  if (format === 'csv') return csvOf(report, bom);
  if (format === 'json') return jsonOf(report);
  if (format === 'table')
    return tableOf(report, {
      width: isTerminal ? columns : undefined,
      colour: isTerminal && process.stdout.hasColors() && process.env['NO_COLOR'] === undefined,
    });
  if (isTerminal) throw new UserError('a workbook is not text: name a file with --output');
  return xlsxOf(report);
}
