import type { GrantsFile } from './documents.ts';
import { timeWords } from './words.ts';
import { instantOf } from './fields.ts';

type Value = string | readonly Value[] | { readonly [key: string]: Value | undefined } | undefined;

/** Writes documents as a TOML file. Lists of a grant have one line for each item. */
export function tomlOf({ person, account, grant }: GrantsFile): string {
  const tables = [
    ...person.map((table) => tableText('person', table)),
    ...account.map((table) => tableText('account', table)),
    ...grant.map((table) => tableText('grant', table)),
  ];
  return tables.join('\n');
}

function tableText(word: string, table: { readonly [key: string]: Value }): string {
  const lines = Object.entries(table)
    .filter(([, value]) => value !== undefined && !isEmpty(value))
    .map(([key, value]) => `${key} = ${topText(key, value)}\n`);
  return `[[${word}]]\n${lines.join('')}`;
}

function isEmpty(value: Value): boolean {
  return typeof value === 'object' && Object.keys(value).length === 0;
}

function topText(key: string, value: Value): string {
  if (!isList(value) || key === 'contacts') return valueText(key, value);
  return `[\n${value.map((item) => `  ${valueText(key, item)},\n`).join('')}]`;
}

const TIMES = new Set(['from', 'to', 'at']);

function valueText(key: string, value: Value): string {
  if (value === undefined) return '""';
  if (typeof value === 'string')
    return TIMES.has(key) ? timeText(value) : JSON.stringify(value).replaceAll('\x7f', '\\u007f');
  if (isList(value)) return `[${value.map((item) => valueText(key, item)).join(', ')}]`;
  const pairs = Object.entries(value).filter(([, part]) => part !== undefined);
  // Labels have names of their own, which may be the same as those of times.
  const texts = pairs.map(
    ([name, part]) => `${nameText(name)} = ${valueText(key === 'labels' ? '' : name, part)}`,
  );
  return `{ ${texts.join(', ')} }`;
}

/** A date where there is one. Text where TOML has no shorter form of the time. */
function timeText(instant: string): string {
  const words = timeWords(instantOf(instant));
  return words.includes('T') ? `"${words}"` : words;
}

function nameText(name: string): string {
  return /^[\w-]+$/.test(name) ? name : JSON.stringify(name);
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}
