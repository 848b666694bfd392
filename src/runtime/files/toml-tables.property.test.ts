import * as fc from 'fast-check';
import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { withoutTables, withTable } from './toml-tables.ts';

const key = fc.constantFrom('name', 'url', 'on', '"quoted key"');
const value = fc.oneof(
  fc.string().map((text) => JSON.stringify(text).replaceAll('\x7f', '\\u007f')),
  fc.constantFrom(
    'true',
    '7',
    '1979-05-27',
    '[1, 2]',
    '[\n  1,\n  2\n]',
    '{ a = "[[site]]" }',
    "'''\nx\n'''",
  ),
);
const between = fc.constantFrom('', '\n', '# a comment\n', '\n# [[site]]\n\n', '\r\n');
const pair = fc
  .tuple(fc.constantFrom('', '\n'), key, value, fc.constantFrom('', ' # why'))
  .map(([gap, k, v, why]) => ({
    k,
    text: `${gap}${k} = ${v}${why}\n`,
  }));
const pairs = fc.uniqueArray(pair, { selector: ({ k }) => k, maxLength: 3 });
const header = fc.constantFrom('[[site]]', '[[ site ]] # here', '[[grant]]', '[[sites]]');
const table = fc.tuple(header, pairs, between).map(([head, lines, gap]) => {
  const text = `${head}\n${lines.map((line) => line.text).join('')}${gap}`;
  return { isSite: /^\[\[ ?site ?]]/.test(head), text };
});
const documents = fc.tuple(between, fc.array(table, { maxLength: 6 }));

describe('tables of a TOML text', () => {
  it('that are removed are gone, and every other character of the text stays in its order', () => {
    fc.assert(
      fc.property(documents, fc.func(fc.boolean()), ([start, tables], choose) => {
        const text = start + tables.map((one) => one.text).join('');
        const all = (parse(text)['site'] ?? []) as Record<string, unknown>[];
        const isGone = (one: Record<string, unknown>) => choose(JSON.stringify(one));
        const rest = withoutTables(text, 'site', isGone);
        expect(parse(rest)['site'] ?? []).toEqual(all.filter((one) => !isGone(one)));
        // Every comment line and every table of another name is still there.
        const own = (lines: string) =>
          lines.split('\n').filter((line) => /^(#|\[\[(grant|sites))/.test(line));
        expect(own(rest)).toEqual(own(text));
      }),
    );
  });

  it('that are added and removed leave the text as it was', () => {
    fc.assert(
      fc.property(documents, fc.string(), ([start, tables], url) => {
        const text = start + tables.map((one) => one.text).join('');
        const added = withTable(text, 'site', { name: 'the added one', url: url.replaceAll('\x7f', '') });
        expect(withoutTables(added, 'site', (one) => one['name'] === 'the added one')).toBe(text);
      }),
    );
  });

  it('with tables of their own below them go with those', () => {
    const text = '[[site]]\nname = "a"\n\n[site.labels]\nx = "1"\n\n[[site]]\nname = "b"\n';
    expect(withoutTables(text, 'site', ({ name }) => name === 'a')).toBe('\n[[site]]\nname = "b"\n');
  });

  it('stay where the text is unusual', () => {
    const inline = 'site = [{ name = "a" }, { name = "b" }]\n';
    const hidden = 'x = """\n[[site]]\n"""\n[[site]]\nname = "a"\n';
    for (const text of [inline, hidden])
      expect(() => withoutTables(text, 'site', ({ name }) => name === 'a')).toThrow('remove it by hand');
  });
});
