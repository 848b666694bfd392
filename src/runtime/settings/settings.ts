import { z } from 'zod';
import { firstIssue, rejectNul, rejectUnknownKeys } from './strict-table.ts';
import { readTomlFile } from '../files/toml-file.ts';
import { UserError } from '../user-error.ts';

/**
 * One setting of a role. Its key, `tokenFile`, names the flag `--token-file`, the environment variable
 * `STACKMETER_TOKEN_FILE` and the TOML key `token_file`. The first of these that is set wins.
 */
export interface Setting<S extends z.ZodType = z.ZodType> {
  type: 'text' | 'number' | 'switch' | 'list';
  schema: S;
  help: string;
  /** What counts if nothing is set and the schema has no default, in words for `--help`. */
  fallback?: string;
  /** The name of the value in `--help`, such as `HOST:PORT`. */
  value?: string;
  /** Environment variables of the earlier system, read if the `STACKMETER_…` variable is not set. */
  earlierNames?: readonly string[];
  /** A secret has no flag, because the list of processes shows flags. */
  secret?: boolean;
}

export type SettingsTable = Record<string, Setting>;
export type SettingsOf<T extends SettingsTable> = { [K in keyof T]: z.output<T[K]['schema']> };

export interface SettingsSources {
  /** Parsed flags by camelCase key; `undefined` for absent flags. */
  flags: Record<string, unknown>;
  env: Record<string, string | undefined>;
  /** Path of the TOML file, if there is one. */
  configFile?: string | undefined;
}

/** Declares a setting with its type inferred. */
export function setting<S extends z.ZodType>(definition: Setting<S>): Setting<S> {
  return definition;
}

/**
 * Reads a role's settings from flags, environment and file. Throws a `UserError` for the first wrong value.
 * `sections` describes the tables that only the file can have, such as `[[site]]`.
 */
export function readSettings<T extends SettingsTable, S extends z.ZodRawShape>(
  table: T,
  sources: SettingsSources,
  sections: S = {} as S,
): { settings: SettingsOf<T>; sections: z.output<z.ZodObject<S>> } {
  const file = sources.configFile === undefined ? {} : readTomlFile(sources.configFile);
  const where = sources.configFile ?? 'configuration';
  rejectUnknownKeys(file, [...Object.keys(table).map(tomlKey), ...Object.keys(sections)], where);
  rejectNul(file, where);
  const settings = Object.fromEntries(
    Object.entries(table).map(([key, definition]) => [
      key,
      readSetting(key, definition, sources, file, where),
    ]),
  );
  return { settings: settings as SettingsOf<T>, sections: readSections(sections, file, where) };
}

function readSetting(
  key: string,
  definition: Setting,
  sources: SettingsSources,
  file: Record<string, unknown>,
  where: string,
): unknown {
  const found = findValue(key, definition, sources, file, where);
  const result = definition.schema.safeParse(found?.value);
  if (result.success) return result.data;
  const name = found?.name ?? `--${flagName(key)}`;
  throw new UserError(`${name}: ${result.error.issues.map((issue) => issue.message).join('; ')}`);
}

interface NamedValue {
  name: string;
  value: unknown;
}

function findValue(
  key: string,
  definition: Setting,
  sources: SettingsSources,
  file: Record<string, unknown>,
  where: string,
): NamedValue | undefined {
  const flag = sources.flags[key];
  if (flag !== undefined) return fromText(`--${flagName(key)}`, flag, definition.type);
  for (const name of [envName(key), ...(definition.earlierNames ?? [])]) {
    const value = sources.env[name];
    if (value !== undefined && value !== '') return fromText(name, value, definition.type);
  }
  const inFile = file[tomlKey(key)];
  return inFile === undefined ? undefined : { name: `${where}: ${tomlKey(key)}`, value: inFile };
}

/** Flags and environment variables are text; the file has types of its own. */
function fromText(name: string, value: unknown, type: Setting['type']): NamedValue {
  if (typeof value !== 'string') return { name, value };
  switch (type) {
    case 'text':
      return { name, value };
    case 'number':
      return { name, value: value.trim() === '' ? Number.NaN : Number(value) };
    case 'list':
      return {
        name,
        value: value
          .split(',')
          .map((part) => part.trim())
          .filter((part) => part !== ''),
      };
    case 'switch':
      return { name, value: switchFromText(name, value) };
    default:
      return type satisfies never;
  }
}

function switchFromText(name: string, value: string): boolean {
  if (/^(1|true|yes|on)$/i.test(value)) return true;
  if (/^(0|false|no|off)$/i.test(value)) return false;
  throw new UserError(`${name}: '${value}' is neither true nor false`);
}

function readSections<S extends z.ZodRawShape>(
  shape: S,
  file: Record<string, unknown>,
  where: string,
): z.output<z.ZodObject<S>> {
  const result = z
    .object(shape)
    .safeParse(Object.fromEntries(Object.keys(shape).map((key) => [key, file[key]])));
  if (result.success) return result.data;
  throw new UserError(`${where}: ${firstIssue(result.error)}`);
}

/** The default of a setting, as `--help` shows it; undefined without a default, and for a switch that is off. */
export function defaultText({ schema, fallback }: Setting): string | undefined {
  const { default: value } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  if (Array.isArray(value)) return value.length === 0 ? fallback : value.join(', ');
  return typeof value === 'string' || typeof value === 'number' || value === true ? String(value) : fallback;
}

/** `tokenFile` → `token-file` */
export function flagName(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** `tokenFile` → `token_file` */
export function tomlKey(key: string): string {
  return flagName(key).replaceAll('-', '_');
}

/** `tokenFile` → `STACKMETER_TOKEN_FILE` */
export function envName(key: string): string {
  return `STACKMETER_${tomlKey(key).toUpperCase()}`;
}
