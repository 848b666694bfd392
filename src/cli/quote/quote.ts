import { Command, InvalidArgumentError, Option } from 'commander';
import type { PriceBook } from '../../portal/accounts/charges/price-book.ts';
import { PLACES } from '../../portal/accounts/charges/units.ts';
import {
  readAmount,
  readDecimal,
  readHours,
  readInstant,
  readServers,
  type Amount,
  type Servers,
} from '../../portal/accounts/quotes/arguments.ts';
import { formats, type Format } from '../../portal/accounts/quotes/quote-text.ts';
import { quoteOf } from '../../portal/accounts/quotes/quote.ts';
import { nearestName } from '../../runtime/settings/strict-table.ts';
import { UserError } from '../../runtime/user-error.ts';
import { readPriceBooks } from './book-file.ts';

interface QuoteFlags {
  book: string;
  name?: string;
  at?: number;
  site?: string;
  server: Servers[];
  resource: Amount[];
  hours?: bigint;
  amount?: string;
  format: Format;
}

export function quoteCommand(): Command {
  return new Command('quote')
    .description('says what servers cost by a price book for some hours, or how long an amount lasts')
    .requiredOption('--book <FILE>', 'file of price books')
    .option('--name <NAME>', 'name of the price book, if the file has several')
    .addOption(
      new Option('--at <DATE>', 'take the prices of this date (default: now)').argParser(
        checked(readInstant),
      ),
    )
    .option('--site <SITE>', 'take the prices of this site (default: those for all sites)')
    .addOption(
      new Option('--server <SERVERS>', 'NAME/VCPUS/MIB[/GIB/EPHEMERAL/SWAP/GPUS][:STATE][×COUNT]; repeat it')
        .argParser(collect(readServers))
        .default([], ''),
    )
    .addOption(
      new Option('--resource <RESOURCE=AMOUNT>', 'such as volume_gb=500; repeat it')
        .argParser(collect(readAmount))
        .default([], ''),
    )
    .addOption(new Option('--hours <HOURS>', 'how long: says what it costs').argParser(checked(readHours)))
    .addOption(
      new Option('--amount <AMOUNT>', 'in the unit of the book: says how long it lasts')
        .argParser(checked((text) => readDecimal(text, PLACES.price)))
        .conflicts('hours'),
    )
    .addOption(new Option('--format <FORMAT>', 'how to print').choices(Object.keys(formats)).default('table'))
    .action((flags: QuoteFlags) => {
      const { book: file, name, at = Date.now(), site = '', server, resource, hours, amount } = flags;
      const book = namedBook(readPriceBooks(file), name, file);
      const wish = { servers: server, amounts: resource, site, atMs: at };
      process.stdout.write(formats[flags.format](quoteOf(book, { ...wish, hours, amount })));
    });
}

function collect<T>(read: (text: string) => T) {
  return (text: string, earlier: T[]) => [...earlier, checked(read)(text)];
}

/** A reader's error names the option. */
function checked<T>(read: (text: string) => T) {
  return (text: string): T => {
    try {
      return read(text);
    } catch (error) {
      if (error instanceof UserError) throw new InvalidArgumentError(error.message);
      throw error;
    }
  };
}

function namedBook(books: readonly PriceBook[], name: string | undefined, file: string): PriceBook {
  const found = books.find((book) => (name ?? book.name) === book.name);
  const names = books.map((book) => book.name);
  if (name === undefined && books.length > 1)
    throw new UserError(`${file} has several price books; choose one with --name: ${names.join(', ')}`);
  if (found !== undefined) return found;
  const nearest = nearestName(name ?? '', names);
  throw new UserError(
    `${file}: there is no price book '${name}'; ${nearest === undefined ? `it has ${names.join(', ')}` : `did you mean '${nearest}'?`}`,
  );
}
