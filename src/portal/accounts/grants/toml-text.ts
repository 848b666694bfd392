import type { GrantsFile } from './documents.ts';
import { timeWords } from '../wording.ts';
import { instantOf } from '../fields.ts';

type Value = string | number | boolean | readonly Value[] | Table | undefined;

type Table = { readonly [key: string]: Value };

/** Writes documents as a TOML file. Lists of a grant have one line for each item. */
export function tomlOf({ person, account, grant, price_book, mark }: GrantsFile): string {
  const tables = [
    ...person.map((table) => tableText('person', table)),
    ...account.map((table) => tableText('account', table)),
    ...grant.map((table) => tableText('grant', table)),
    ...price_book.map((table) => tableText('price_book', table)),
    ...mark.map((table) => tableText('mark', table)),
  ];
  return tables.join('\n');
}

/** Lists of price books, of which each item is a table of its own. */
const OWN_TABLES = new Set(['version', 'server', 'resource', 'fallback']);

function tableText(word: string, table: Table): string {
  const parts = Object.entries(table).filter(([, value]) => value !== undefined && !isEmpty(value));
  const lines = parts.filter(([key, value]) => !isOwnTables(key, value));
  const tables = parts.flatMap(([key, value]) =>
    isOwnTables(key, value) ? value.map((item) => tableText(`${word}.${key}`, item as Table)) : [],
  );
  const text = lines.map(([key, value]) => `${key} = ${topText(key, value)}\n`).join('');
  return [`[[${word}]]\n${text}`, ...tables].join('\n');
}

function isOwnTables(key: string, value: Value): value is readonly Value[] {
  return OWN_TABLES.has(key) && isList(value);
}

function isEmpty(value: Value): boolean {
  return typeof value === 'object' && Object.keys(value).length === 0;
}

function topText(key: string, value: Value): string {
  if (!isList(value) || key === 'contacts') return valueText(key, value);
  return `[\n${value.map((item) => `  ${valueText(key, item)},\n`).join('')}]`;
}

/** Tables with names of their own, which may be the same as those of times. */
const OWN_NAMES = new Set(['labels', 'states']);
const TIMES = new Set(['from', 'to', 'at']);

function valueText(key: string, value: Value): string {
  if (value === undefined) return '""';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'string')
    return TIMES.has(key) ? timeText(value) : JSON.stringify(value).replaceAll('\x7f', '\\u007f');
  if (isList(value)) return `[${value.map((item) => valueText(key, item)).join(', ')}]`;
  const pairs = Object.entries(value).filter(([, part]) => part !== undefined && !isEmpty(part));
  const texts = pairs.map(
    ([name, part]) => `${nameText(name)} = ${valueText(OWN_NAMES.has(key) ? '' : name, part)}`,
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
