import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { quoteCommand } from './quote.ts';

const book = (name: string) => `[[price_book]]
name = "${name}"
unit = "EUR"
scale = 2
rounding = "half-up"

[[price_book.version]]
from = 2026-01-01
states = { stopped = 0.5 }

[[price_book.version.server]]
name = "own"
site = "b"
sum = [{ price = 9 }]

[[price_book.version.server]]
name = "gpu"
flavor = { gpu = "a100" }
sum = [{ price = 1 }]

[[price_book.version.server]]
name = "all"
sum = [{ price = 0.005, per = { vcpu = 3 } }]

[[price_book.version.fallback]]
resource = "vcpu"
price = 0.1

[[price_book.version]]
from = 2027-01-01

[[price_book.version.server]]
name = "free"
sum = [{ price = 0 }]
`;

/** The output of the command for a file of these books, or its error without the path. */
async function quote(toml: string, ...flags: string[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'stackmeter-quote-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'f.toml');
  writeFileSync(file, toml);
  const said = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    await quoteCommand().parseAsync(['--book', file, ...flags], { from: 'user' });
    return said.mock.calls.map(([text]) => text).join('');
  } catch (error) {
    return (error as Error).message.replaceAll(file, 'f.toml');
  } finally {
    said.mockRestore();
  }
}

const at2026 = ['--at', '2026-06-01'];
const usual = [...at2026, '--server', 'm1/1/2048/20', '--server', 'm1/1/2048/20:stopped×2'];
const more = ['--resource', 'vcpu=2', '--resource', 'floating_ip=1', '--hours', '3'];

describe('stackmeter quote', () => {
  it('prints CSV with exact amounts', async () => {
    expect((await quote(book('b'), ...usual, ...more, '--format', 'csv')).split('\r\n')).toEqual([
      'row,resource,flavor,state,amount_hours,price,why,unit_hours,charge,charge_exact,unit',
      'charge,server,m1/1/2048/20/0/0/0,active,3,all,1/3 × 3 vcpu at 0.005,1,0.01,1/200,EUR',
      'charge,server,m1/1/2048/20/0/0/0,stopped,6,all,1/3 × 3 vcpu × 0.5 (stopped) at 0.005,1,0.01,1/200,EUR',
      'charge,vcpu,,,6,fallback of vcpu,"0.1 for each of vCPU-hours, without server hours",6,0.60,3/5,EUR',
      'not priced,floating_ip,,,3,,no price matches,,,,',
      'total,,,,,,,,0.61,61/100,EUR',
      '',
    ]);
  });

  it('prints JSON with exact amounts, for an hour where it says how long an amount lasts', async () => {
    const answer = await quote(book('b'), ...usual, '--amount', '1', '--format', 'json');
    expect(JSON.parse(answer)).toEqual({
      price_book: 'b',
      from: '2026-01-01T00:00:00Z',
      unit: 'EUR',
      hours: '1',
      lines: [
        {
          resource: 'server',
          flavor: 'm1/1/2048/20/0/0/0',
          state: 'active',
          amount_hours: '1',
          price: 'all',
          why: '1/3 × 3 vcpu at 0.005',
          unit_hours: '1/3',
          charge: '0.00',
          charge_exact: '1/600',
        },
        {
          resource: 'server',
          flavor: 'm1/1/2048/20/0/0/0',
          state: 'stopped',
          amount_hours: '2',
          price: 'all',
          why: '1/3 × 3 vcpu × 0.5 (stopped) at 0.005',
          unit_hours: '1/3',
          charge: '0.00',
          charge_exact: '1/600',
        },
      ],
      total: '0.00',
      total_exact: '1/300',
      unpriced: [],
      unused_prices: ['own', 'gpu', 'fallback of vcpu'],
      amount: '1',
      lasts_hours: '300.00',
      lasts_hours_exact: '300',
    });
  });

  it('takes the prices of a site', async () => {
    const answer = await quote(book('b'), ...usual, '--site', 'b', '--hours', '1', '--format', 'csv');
    expect(answer).toMatch(/^total,.*,18\.00,18,EUR\r\n$/m);
  });

  it('asks for a choice between several books', async () => {
    const both = book('one') + book('two');
    expect(await quote(both, ...usual, '--hours', '1')).toBe(
      'f.toml has several price books; choose one with --name: one, two',
    );
    expect(await quote(both, ...usual, '--hours', '1', '--name', 'tow')).toBe(
      "f.toml: there is no price book 'tow'; did you mean 'two'?",
    );
    expect(await quote(both, ...usual, '--hours', '1', '--name', 'two')).toMatch(
      /^two, prices from 2026-01-01, 1 hour\n/,
    );
  });

  it.each([
    [['--hours', '1'], 'say what to price: add a server or a resource'],
    [['--server', 'm1/1/2048'], 'add hours, or an amount to see how long it lasts'],
    [
      ['--at', '2025-12-31', '--server', 'm1/1/2048', '--hours', '1'],
      "'b' begins on 2026-01-01; choose a later date",
    ],
    [
      ['--at', '2027-01-01', '--server', 'm1/1/2048', '--amount', '1'],
      'by this price book it costs nothing, so no amount is used up',
    ],
    [
      [...at2026, '--resource', 'floating_ip=1', '--amount', '1'],
      'the price book has no price for it, so no amount is used up',
    ],
  ])('answers a question without an answer in one line: %j', async (flags, message) => {
    expect(await quote(book('b'), ...flags)).toBe(message);
  });
});
