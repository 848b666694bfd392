import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { parsedTables } from '../grants/toml-file.ts';
import { priceBooksFile } from './documents.ts';

const book = `[[price_book]]
name = "b"
unit = "EUR"
scale = 2
rounding = "up"
`;
const dated = `${book}[[price_book.version]]
from = 2026-01-01
`;
const server = `[[price_book.version.server]]
name = "s"
sum = [{ price = 1 }]
`;
const resource = (name: string, more = '') =>
  `[[price_book.version.resource]]\nresource = "${name}"\nprice = 1\n${more}\n`;
const fallback = (name: string) => `[[price_book.version.fallback]]\nresource = "${name}"\nprice = 1\n`;

function read(toml: string) {
  try {
    return parsedTables(priceBooksFile, parse(toml), 'f.toml');
  } catch (error) {
    return (error as Error).message;
  }
}

describe('a price book', () => {
  it('has each value in its one form', () => {
    const toml = `${dated}states = { stopped = 0.50 }
[[price_book.version.server]]
name = "s"
sum = [{ price = "0.010", per = { mb = 1024 } }]
`;
    expect(read(toml)).toEqual({
      price_book: [
        {
          name: 'b',
          unit: 'EUR',
          scale: 2,
          rounding: 'up',
          version: [
            {
              from: '2026-01-01T00:00:00Z',
              server: [
                {
                  name: 's',
                  flavor: {},
                  sum: [{ price: '0.01', per: { mb: 1024 }, whole_units: false, steps: [] }],
                },
              ],
              states: { stopped: '0.5' },
              resource: [],
              fallback: [],
            },
          ],
        },
      ],
    });
  });

  it.each([
    [book, 'version: write [[price_book.version]] with a from and prices'],
    [dated, 'version[1]: has no prices; write [[price_book.version.server]] or …resource'],
    [
      `${dated}${server}${dated.slice(book.length).replace('2026', '2025')}${server}`,
      'version[2].from: must not be before that of the version above (2026-01-01T00:00:00Z); versions stand in order of time',
    ],
    [`${dated}${server}${server}`, "version[1].server[2]: there are two prices of 's'"],
    [
      `${dated}${server}${resource('vcpu')}`,
      "version[1].resource[1]: servers have prices by server hours already, and would be charged twice; remove the price of 'vcpu', or make it a [[price_book.version.fallback]]",
    ],
    [
      `${dated}${server}site = "a"\n${resource('volume_gb')}${resource('vcpu', 'site = "a"')}`,
      "version[1].resource[2]: servers have prices by server hours already, and would be charged twice; remove the price of 'vcpu' at a, or make it a [[price_book.version.fallback]]",
    ],
    [
      `${dated}${resource('volume_gb')}${fallback('vcpu')}`,
      'version[1].fallback[1]: is for versions with prices of servers; write resource',
    ],
    [
      `${dated}${server}${fallback('gpu')}`,
      'version[1].fallback[1].resource: GPUs have no fallback: their usage has the weights of a site, and server hours have none; give servers with GPUs a price',
    ],
    [
      `${dated}${server}${fallback('volume_gb')}`,
      "version[1].fallback[1].resource: 'volume_gb' is no resource of servers (vcpu, mb, disk_gb, instance); write it under resource",
    ],
    [
      `${dated}${resource('vcpus')}`,
      "version[1].resource[1].resource: unknown resource 'vcpus'; did you mean 'vcpu'?",
    ],
    [
      `${dated}${resource('server')}`,
      'version[1].resource[1].resource: must not be "server"; write [[price_book.version.server]]',
    ],
    [
      `${dated}states = { stoped = 1 }\n${server}`,
      "version[1].states.stoped: unknown state 'stoped'; did you mean 'stopped'?",
    ],
    [
      `${dated}${server.replace('price = 1', 'price = -1')}`,
      `version[1].server[1].sum[1].price: must be a decimal of at most 15 digits and 12 places, such as 2 or "0.013"; '-1' is not`,
    ],
    [
      `${dated}${server.replace('price = 1', 'prize = 1')}`,
      "version[1].server[1].sum[1]: unknown key 'prize'; did you mean 'price'?",
    ],
    [
      `${dated}${server.replace('price = 1', 'price = 1, steps = [{ above = 2, factor = 1 }, { above = 2, factor = 2 }]')}`,
      'version[1].server[1].sum[1].steps: must have ascending steps: each above is larger than the one before',
    ],
    [
      `${dated}${server}flavor = { name = "m*3" }\n`,
      'version[1].server[1].flavor.name: must be a name, or the beginning of names with * behind it, such as "m3.*"',
    ],
    [
      `${dated}${server.replace('1 }', '1, per = { mb = 0 } }')}`,
      'version[1].server[1].sum[1].per.mb: must be a whole number from 1 to 1,000,000,000',
    ],
    [book.replace('"up"', '"nearest"'), 'rounding: must be one of "half-up", "half-even", "up", "down"'],
    [`${dated}${server}${dated}${server}`, "there are two of 'b'"],
    [
      dated +
        Array.from({ length: 201 }, (_, index) => resource(`x${index}_gb`, `per = ${index + 1}`)).join(''),
      'version: has units of 201 different sizes (per), 200 at most',
    ],
  ])('with a fault is answered by one line that says where: %#', (toml, message) => {
    const said = read(toml);
    expect(said).toContain(message);
    expect(said).toMatch(/^f\.toml: price_book\[[12]\]\.[^\n]*$/);
  });

  it('may price servers by server hours at one site and by resources at another', () => {
    const toml = `${dated}${server}site = "a"\n${resource('vcpu', 'site = "b"')}`;
    expect(typeof read(toml)).toBe('object');
  });
});
