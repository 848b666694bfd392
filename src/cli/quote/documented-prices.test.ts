import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { parse } from 'smol-toml';
import { charge, type Charges, type Usage } from '../../portal/accounts/charges/charge.ts';
import { exactText, rounded, shortText } from '../../portal/accounts/charges/fraction.ts';
import { parsedTables } from '../../portal/accounts/grants/toml-file.ts';
import { priceBooksFile } from '../../portal/accounts/price-books/documents.ts';
import { quoteCommand } from './quote.ts';

const page = readFileSync(new URL('../../../docs/prices.md', import.meta.url), 'utf8');

/** The text of a section, and its first book. */
function section(heading: string) {
  const [, text = ''] = page.split(new RegExp(`^#+ ${heading}\n`, 'm'));
  return { text, toml: /```toml\n([^]*?)```/.exec(text)?.[1] ?? 'no book' };
}

function bookOf(heading: string) {
  const { price_book } = parsedTables(priceBooksFile, parse(section(heading).toml), heading);
  const [book] = price_book;
  if (book === undefined) throw new Error(`${heading} has no book`);
  return book;
}

/** The words of a command as a shell reads them. */
function words(command: string): string[] {
  return [...command.replaceAll('\\\n', ' ').matchAll(/'([^']*)'|(\S+)/g)].map(
    ([, quoted, plain]) => quoted ?? plain ?? '',
  );
}

const clouds = ['de.NBI Cloud', 'NERC', 'Jetstream2'];
const commands = clouds.flatMap((cloud) => {
  const { text, toml } = section(cloud);
  const [own = ''] = text.split(/^### /m);
  return [...own.matchAll(/```sh\n([^]*?)\n```\n\n```text\n([^]*?)```/g)].map(
    ([, command = '', answer = '']) => ({ cloud, toml, command, answer }),
  );
});

describe('docs/prices.md', () => {
  it('has commands for each cloud', () => {
    expect(new Set(commands.map(({ cloud }) => cloud))).toEqual(new Set(clouds));
  });

  it.each(commands)(
    'quotes by the book of $cloud as it says: $command',
    async ({ toml, command, answer }) => {
      const folder = mkdtempSync(join(tmpdir(), 'stackmeter-prices-'));
      onTestFinished(() => rmSync(folder, { recursive: true }));
      const file = join(folder, 'prices.toml');
      writeFileSync(file, toml);
      const said = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
      onTestFinished(() => said.mockRestore());
      const [, , ...flags] = words(command).map((word) => (word === 'prices.toml' ? file : word));
      await quoteCommand().parseAsync(flags, { from: 'user' });
      expect(said.mock.calls.map(([text]) => text).join('')).toBe(answer);
    },
  );

  it('has a book with all shapes', () => {
    expect(bookOf('A book').version).toHaveLength(2);
  });
});

const HOUR = 3_600_000;

/** Server hours of flavors. Hours may have one decimal place. */
function servers(...rows: [flavor: string, hours: number, state?: string][]): Usage[] {
  return rows.map(([flavor, hours, state = 'active']) => ({
    site: 'site-a',
    resource: 'server',
    flavor,
    state,
    startMs: Date.UTC(2026, 3),
    amountMs: BigInt(Math.round(hours * 10)) * BigInt(HOUR / 10),
  }));
}

function exact({ total, denominators }: Charges): string {
  return shortText({ numerator: total, denominator: denominators.charge });
}

describe('the published figures of the de.NBI Cloud', () => {
  const book = bookOf('de.NBI Cloud');
  const [tiny, large] = ['de.NBI tiny/1/2048/20/0/0/0', 'de.NBI large/28/65536/20/0/0/0'];
  const cost = (...rows: Parameters<typeof servers>) => charge(servers(...rows), book);
  /** An application is rounded up once, to whole credits. */
  const applied = (granted: bigint, ...rows: Parameters<typeof servers>) => {
    const { total, denominators } = cost(...rows);
    const denominator = denominators.charge;
    return rounded({ numerator: total + granted * denominator, denominator }, 0, 'up');
  };

  it('are those of an hour', () => {
    expect(exact(cost([tiny, 1]))).toBe('1.6');
    expect(exact(cost([large, 1]))).toBe('104');
    expect(exact(cost([tiny, 1], [tiny, 1], [large, 1]))).toBe('107.2');
  });

  it('are those of an application, its extension and its change', () => {
    const hours = 91 * 8;
    expect(exact(cost([tiny, hours], [tiny, hours], [large, hours]))).toBe('78041.6');
    expect(applied(0n, [tiny, hours], [tiny, hours], [large, hours])).toBe('78042');
    expect(applied(78_042n, [tiny, 62 * 8], [tiny, 62 * 8], [large, 62 * 8])).toBe('131214');
    expect(applied(78_042n, [tiny, -61 * 8], [large, 61 * 8])).toBe('128014');
  });

  it('are the weighted hours and the credits of a day of three servers', () => {
    const charges = cost([tiny, 8], [tiny, 4], [large, 6.8]);
    const weighted = (part: string) =>
      shortText({
        numerator: charges.lines
          .filter(({ why }) => why.includes(part))
          .reduce((sum, { quantity, amountMs }) => sum + quantity * amountMs, 0n),
        denominator: charges.denominators.quantity * BigInt(HOUR),
      });
    expect([weighted('vcpu'), weighted('mb')]).toEqual(['392.8', '1112']);
    expect(exact(charges)).toBe('726.4');
    const left = { numerator: 780_420n - 7264n, denominator: 10n };
    expect([shortText(left), exactText(left)]).toEqual(['77315.6', '386578/5']);
  });
});

describe('the published figures of NERC', () => {
  const book = bookOf('NERC');
  const [gpu, cpu] = ['gpu/24/97280/0/0/0/a100=1', 'cpu/3/20480/0/0/0/0'];
  const volume = (gb: bigint, hours: bigint): Usage => ({
    site: 'site-a',
    resource: 'volume_gb',
    startMs: Date.UTC(2026, 3),
    amountMs: gb * hours * BigInt(HOUR),
  });
  const cost = (usage: Usage[]) => {
    const { total, denominators } = charge(usage, book);
    return rounded({ numerator: total, denominator: denominators.charge }, book.scale, book.rounding);
  };

  it('are those of whole hours', () => {
    expect(cost(servers([gpu, 200]))).toBe('360.60');
    expect(cost(servers([cpu, 720]))).toBe('46.80');
    expect(cost([volume(10_000n, 720n)])).toBe('64.80');
    expect(cost([...servers([gpu, 200], [cpu, 720]), volume(10_000n, 720n)])).toBe('472.20');
  });

  it('differ for parts of an hour, which NERC rounds up for each server', () => {
    expect(cost(servers([gpu, 199.2]))).toBe('359.16');
  });

  it('are nothing for a server that is shut off', () => {
    expect(cost(servers([gpu, 200, 'stopped'], [cpu, 720]))).toBe('46.80');
  });
});

describe('the published figures of Jetstream2', () => {
  const book = bookOf('Jetstream2');
  const cost = (...rows: Parameters<typeof servers>) => exact(charge(servers(...rows), book));
  const medium = 'm3.medium/8/30720/60/0/0/0';

  it('are those of servers by vCPUs', () => {
    expect(cost([medium, 520])).toBe('4160');
    expect(cost([medium, 520], [medium, 520], [medium, 520])).toBe('12480');
    expect(cost(['m3.large/16/61440/60/0/0/0', 8760], ['r3.large/64/512000/60/0/0/0', 8760])).toBe(
      String(140_160 + 1_121_280),
    );
    expect(cost(['g3.large/16/61440/60/0/0/0', 8760])).toBe('560640');
  });

  it('are 100 % of active, 75 % of suspended, 50 % of stopped and nothing of shelved servers', () => {
    const states = ['active', 'suspended', 'stopped', 'shelved', 'shelved_offloaded'];
    expect(states.map((state) => cost([medium, 100, state]))).toEqual(['800', '600', '400', '0', '0']);
    expect(cost(...states.map((state): [string, number, string] => [medium, 100, state]))).toBe('1800');
  });
});
