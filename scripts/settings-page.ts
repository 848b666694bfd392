import { format, resolveConfig } from 'prettier';
import { z } from 'zod';
import { EXPORTER_SECTIONS, EXPORTER_SETTINGS } from '../src/exporter/settings/settings.ts';
import { gateSections, gateSettings } from '../src/gate/settings/settings.ts';
import { portalSections, portalSettings } from '../src/portal/settings/settings.ts';
import {
  envName,
  flagName,
  tomlKey,
  type Setting,
  type SettingsTable,
} from '../src/runtime/settings/settings.ts';
import { demoSettings } from '../src/simulation/federation/settings.ts';
import { simulationSettings } from '../src/simulation/settings.ts';

interface Role {
  name: string;
  settings: SettingsTable;
  sections: z.ZodRawShape;
}

const ROLES: readonly Role[] = [
  { name: 'exporter', settings: EXPORTER_SETTINGS, sections: EXPORTER_SECTIONS },
  { name: 'gate', settings: gateSettings, sections: gateSections },
  { name: 'portal', settings: portalSettings, sections: portalSections },
  { name: 'simulate', settings: simulationSettings, sections: {} },
  { name: 'demo', settings: demoSettings, sections: {} },
];

const INTRODUCTION = `# Settings

\`npm run settings\` writes this page from the declarations in the code.

Each setting has three names. A flag wins over the environment variable, and the variable wins over the file:

- a flag of the command, such as \`--token-file FILE\`
- an environment variable, such as \`STACKMETER_TOKEN_FILE\`
- a key of the TOML file, such as \`token_file\`. \`--config FILE\` or \`STACKMETER_CONFIG\` names the file.

In the environment, commas separate the values of a list. A flag of a list takes several values. A secret has no flag,
because other users of the machine can see flags. \`stackmeter check FILE\` says what is wrong with a file.

The exporter also reads the OpenStack credentials (\`OS_…\`) and the proxies (\`HTTPS_PROXY\` and the like) from the
environment: see the [site guide](site-guide.md#credentials). \`NO_COLOR\` makes the log plain.
`;

/** The text of docs/settings.md. Throws for a key of a section that has no description. */
export async function settingsPage(file: string): Promise<string> {
  const text = [INTRODUCTION, ...ROLES.map(rolePart)].join('\n');
  return await format(text, { ...(await resolveConfig(file)), parser: 'markdown' });
}

function rolePart({ name, settings, sections }: Role): string {
  const parts = Object.entries(sections).map(([key, schema]) => sectionPart(key, schema as z.ZodType));
  return [
    `## stackmeter ${name}\n`,
    tableOf('setting', Object.entries(settings).map(settingRow)),
    ...parts.filter((part) => part !== ''),
  ].join('\n');
}

function settingRow([key, setting]: [string, Setting]): string[] {
  const { secret, earlierNames = [], help } = setting;
  const names = [...(secret ? [] : [`--${flagName(key)}`]), envName(key), tomlKey(key)];
  return [
    [...names.map(code), ...earlierNames.map((name) => `or ${code(name)}`)].join('<br>'),
    keyDefault(setting.schema) || (setting.fallback ?? ''),
    values(setting.schema, setting.value),
    sentence(help, choicesOf(setting.schema)),
  ];
}

/** The tables of one section: the keys of its table, and below it the tables that it holds. */
function sectionPart(path: string, schema: z.ZodType): string {
  const { shape, isList } = inside(schema);
  const heading = shape === undefined ? path : isList ? `[[${path}]]` : `[${path}]`;
  const about = `### \`${heading}\`\n\nIn the file only: ${marked(described(path, schema))}.\n`;
  if (shape === undefined) return `${about}\nValue: ${values(schema)}.\n`;
  const keys = Object.entries(shape).map(([key, one]) => [key, one as z.ZodType] as const);
  const rows = keys.map(([key, one]) => [
    `\`${key}\``,
    isRequired(one) ? 'required' : keyDefault(one),
    values(one, /_(seconds|days)$/.exec(key)?.[1]),
    sentence(described(`${path}.${key}`, one)),
  ]);
  const below = keys.filter(([, one]) => inside(one).shape !== undefined);
  return [about, tableOf('key', rows), ...below.map(([key, one]) => sectionPart(`${path}.${key}`, one))].join(
    '\n',
  );
}

function tableOf(first: string, rows: readonly string[][]): string {
  const lines = [[first, 'default', 'values', 'what it does'], ['---', '---', '---', '---'], ...rows];
  return `${lines.map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`).join('\n')}\n`;
}

function isRequired(schema: z.ZodType): boolean {
  return !schema.safeParse(undefined).success;
}

function keyDefault(schema: z.ZodType): string {
  const { default: value = '' } = jsonOf(schema);
  if (Array.isArray(value)) return value.map(code).join(', ');
  return typeof value === 'object' || value === '' ? '' : code(String(value));
}

/** The values that a schema takes, in words: bounds with their unit, choices, or the kind of text. */
function values(schema: z.ZodType, kind?: string): string {
  const json = jsonOf(schema);
  const { shape, isList } = inside(schema);
  if (shape !== undefined) return isList ? 'list of tables' : 'table';
  if (json.enum !== undefined) return json.enum.map(code).join(', ');
  if (json.type === 'boolean') return '`true`, `false`';
  if (json.type === 'number' || json.type === 'integer') return `${bounds(json)}${unit(kind)}`;
  if (json.type === 'object') return 'table';
  if (json.type === 'array') return 'list of texts';
  return kind === undefined ? 'text' : code(kind);
}

function bounds({ type, minimum, exclusiveMinimum = 0, maximum }: Json): string {
  if (minimum !== undefined) return `${minimum} to ${maximum}`;
  return type === 'integer'
    ? `${exclusiveMinimum + 1} to ${maximum}`
    : `above ${exclusiveMinimum}, up to ${maximum}`;
}

function unit(kind: string | undefined): string {
  return kind === undefined || ['N', 'COUNT'].includes(kind) ? '' : ` ${kind.toLowerCase()}`;
}

interface Json {
  type?: string;
  default?: string | number | boolean | string[] | object;
  minimum?: number;
  exclusiveMinimum?: number;
  maximum?: number;
  enum?: string[];
  items?: { enum?: string[] };
}

function jsonOf(schema: z.ZodType): Json {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Json;
}

/** The keys of the table that a schema reads, or of each table of its list; undefined for other schemas. */
function inside(schema: unknown): { shape?: z.ZodRawShape; isList: boolean } {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault)
    return inside(schema.unwrap());
  if (schema instanceof z.ZodArray) return { ...inside(schema.element), isList: true };
  if (schema instanceof z.ZodPipe)
    return schema.out instanceof z.ZodObject ? inside(schema.out) : inside(schema.in);
  return schema instanceof z.ZodObject ? { shape: schema.shape, isList: false } : { isList: false };
}

function described(place: string, schema: z.ZodType): string {
  if (schema.description === undefined) throw new Error(`${place} has no description`);
  return schema.description;
}

/** Words of a program: addresses, flags, keys, and what stands in single quotes. */
const CODE =
  /'(stackmeter [^']+)'|(?<![\w/])(127\.0\.0\.1:\d+|:\d+|--[a-z-]+|\w+_[\w.]+|\[\[\w+\]\]|match\[\]|\/metrics)/g;

function marked(text: string, choices: readonly string[] = []): string {
  const words = choices.length === 0 ? CODE : new RegExp(`()\\b(${choices.join('|')})\\b`, 'g');
  return text.replaceAll(words, (_, quoted?: string, word?: string) => code(quoted || (word ?? '')));
}

function sentence(text: string, choices?: readonly string[]): string {
  return marked(text.charAt(0).toUpperCase() + text.slice(1), choices);
}

/** The words that a list may hold, where they are few. */
function choicesOf(schema: z.ZodType): readonly string[] {
  const { items } = jsonOf(schema);
  return items?.enum ?? [];
}

function code(text: string): string {
  return `\`${text}\``;
}
