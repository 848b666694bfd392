import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import type { UserError } from '../../../runtime/user-error.ts';
import { documentsOfToml } from './toml-file.ts';

const read = (toml: string) => documentsOfToml(parse(toml), 'f.toml');

function fault(toml: string): string {
  try {
    read(toml);
  } catch (error) {
    return (error as UserError).message;
  }
  return 'accepted';
}

const grant = (lines: string) => `[[grant]]\nname = "climate"\n${lines}\n`;
const project = (more: string) => grant(`projects = [{ site = "a", id = "p"${more} }]`);
const allowance = (more: string) =>
  grant(`allowances = [{ resource = "vcpu", kind = "initial", reason = "call 7", ${more} }]`);

describe('a file of grants', () => {
  it('holds people, accounts and grants, each value in its one form', () => {
    const file = read(`
[[person]]
id = "p-17"
name = " Ada "
mail = "ada@example.org"

[[account]]
name = "university"
time_zone = "Europe/Berlin"
contacts = ["p-17"]

[[grant]]
name = "climate"
title = "Klimamodelle"
account = "university"
from = 2026-01-01
to = 2026-07-01T02:00:00+02:00
projects = [{ site = "a", id = "p" }, { site = "b", id = "pool/x", cloud = "west", to = "2026-03-01" }]
people = [{ person = "p-17", role = "lead" }]
labels = { field = "climate science" }
allowances = [
  { resource = "vcpu", amount = 1000, kind = "initial", at = 2026-01-01T00:00:00.5Z, reason = "call 7" },
  { resource = "vcpu", amount = "0012.500", kind = "cut", reason = "call 7" },
]
`);
    expect(file).toEqual({
      person: [{ id: 'p-17', name: 'Ada', mail: 'ada@example.org' }],
      account: [{ name: 'university', time_zone: 'Europe/Berlin', contacts: ['p-17'] }],
      price_book: [],
      mark: [],
      grant: [
        {
          name: 'climate',
          title: 'Klimamodelle',
          account: 'university',
          from: '2026-01-01T00:00:00Z',
          to: '2026-07-01T00:00:00Z',
          projects: [
            { site: 'a', id: 'p' },
            { site: 'b', id: 'pool/x', cloud: 'west', to: '2026-03-01T00:00:00Z' },
          ],
          people: [{ person: 'p-17', role: 'lead' }],
          labels: { field: 'climate science' },
          allowances: [
            {
              resource: 'vcpu',
              amount: '1000',
              kind: 'initial',
              at: '2026-01-01T00:00:00.500Z',
              reason: 'call 7',
            },
            { resource: 'vcpu', amount: '12.5', kind: 'cut', reason: 'call 7' },
          ],
        },
      ],
    });
  });

  it('may leave out everything but names', () => {
    expect(read('[[account]]\nname = "u"\n[[grant]]\nname = "g"\n')).toEqual({
      person: [],
      price_book: [],
      mark: [],
      account: [{ name: 'u', time_zone: 'UTC', contacts: [] }],
      grant: [{ name: 'g', projects: [], people: [], labels: {}, allowances: [] }],
    });
  });

  it.each([
    ['[[grants]]\nname = "g"', "unknown key 'grants'; did you mean 'grant'?"],
    ['[grant]\nname = "g"', 'grant: write [[grant]], with double brackets, once for each grant'],
    ['[[grant]]', 'grant[1].name: missing; give the grant a name, such as "climate"'],
    ['[[grant]]\nname = " "', 'grant[1].name: is empty'],
    ['[[grant]]\nname = "a\\u200bb"', 'grant[1].name: contains a character that is not printable'],
    [grant('') + grant(''), "grant[2].name: there are two of 'climate'; give each a name of its own"],
    [grant('tittle = "x"'), "grant[1]: unknown key 'tittle'; did you mean 'title'?"],
    [grant('title = "a\\nb"'), 'grant[1].title: contains a line break or another control character'],
    [
      grant('allowances = [{ resource = "vcpus", amount = 1, kind = "cut", reason = "x" }]'),
      "grant[1].allowances[1].resource: unknown resource 'vcpus'; did you mean 'vcpu'?",
    ],
    [
      grant('from = 2026-01-02\nto = 2026-01-02'),
      'grant[1].to: must be after from (2026-01-02T00:00:00Z); to is the first hour that does not count',
    ],
    [
      grant('from = 2026-01-02T13:30:00Z'),
      'grant[1].from: must be a whole hour in UTC, such as 2026-01-31T13:00Z: usage is kept by hours',
    ],
    [grant('from = 2026-01-02T13:00:00'), 'grant[1].from: has no time zone; write 2026-01-02T13:00Z for UTC'],
    [grant('from = "2026-02-30"'), 'grant[1].from: there is no 2026-02-30 in the calendar'],
    [grant('from = "2026-01-01T25:00Z"'), 'grant[1].from: there is no 2026-01-01T25:00Z in the calendar'],
    [grant('from = 1969-12-31'), 'grant[1].from: must be in the years 1970 to 2199'],
    [
      grant('from = "soon"'),
      'grant[1].from: must be a date or a time, such as 2026-01-31 or 2026-01-31T13:00Z',
    ],
    [
      grant('from = 2026'),
      'grant[1].from: must be a date or a time, such as 2026-01-31 or 2026-01-31T13:00Z',
    ],
    [
      grant('projects = "p"'),
      'grant[1].projects: must be a list such as [{ site = "site-a", id = "0f6c…" }]',
    ],
    [project(', clod = "x"'), "grant[1].projects[1]: unknown key 'clod'; did you mean 'cloud'?"],
    [
      project(', from = 2026-02-01, to = 2026-01-01'),
      'grant[1].projects[1].to: must be after from (2026-02-01T00:00:00Z); to is the first hour that does not count',
    ],
    [
      grant('people = [{ person = "x", role = "lead" }, { person = "x", role = "member" }]'),
      "grant[1].people[2].person: 'x' is in the list already",
    ],
    [
      grant('people = [{ person = "x", role = "boss" }]'),
      'grant[1].people[1].role: must be "lead" or "member"',
    ],
    [
      grant('labels = { "a b" = "x" }'),
      'grant[1].labels.a b: must be 1 to 63 letters, digits and . _ -, and begin with a letter',
    ],
    [
      allowance('amount = 0'),
      'grant[1].allowances[1].amount: must be a positive decimal of at most 15 digits and 6 places, such as 1000 or "0.5"; \'0\' is not',
    ],
    [
      allowance('amount = -5'),
      'grant[1].allowances[1].amount: must be a positive decimal of at most 15 digits and 6 places, such as 1000 or "0.5"; \'-5\' is not',
    ],
    [
      allowance('amount = 1e21'),
      'grant[1].allowances[1].amount: must be a positive decimal of at most 15 digits and 6 places, such as 1000 or "0.5"; \'1e+21\' is not',
    ],
    [
      allowance('amount = true'),
      'grant[1].allowances[1].amount: must be a positive number of hours, such as 1000 or "0.5"',
    ],
    [
      '[[account]]\nname = "u"\ntime_zone = "Europe/Berlim"',
      "account[1].time_zone: there is no time zone 'Europe/Berlim'; did you mean 'Europe/Berlin'?",
    ],
    [
      '[[account]]\nname = "u"\ntime_zone = "+01:00"',
      'account[1].time_zone: there is no time zone \'+01:00\'; write one such as "Europe/Berlin"',
    ],
    ['[[person]]\nid = "x"\nmail = "ada"', 'person[1].mail: must be an address such as ada@example.org'],
  ])('with a fault is refused in one line: %j', (toml, message) => {
    expect(fault(toml)).toBe(`f.toml: ${message}`);
  });
});
