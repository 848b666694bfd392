import { describe, expect, it } from 'vitest';
import { configurationKind } from './configuration-kind.ts';

const kindOf = (tables: Record<string, unknown>): string => {
  try {
    return configurationKind(tables, 'f.toml');
  } catch (error) {
    return (error as Error).message;
  }
};

describe('the kind of a configuration file', () => {
  it.each([
    [{ listen: ':8000', site: [] }, 'portal'],
    [{ listen: ':8443', prometheus: 'http://x', tokn_file: 'x' }, 'gate'],
    [{ listen: ':8080', interval: 5, resorces: [] }, 'exporter'],
    [{ seed: 'x' }, 'simulation'],
    [{ grant: [], person: [] }, 'grants'],
    [{ price_book: [] }, 'prices'],
    [{ price_book: [], account: [] }, 'grants'],
    [{ grant: [], site: [] }, 'portal'],
    [{ elixir: { projects: [] }, other: {} }, 'profile'],
    [{}, 'f.toml: the file is empty'],
    [{ nonsense: 1 }, 'f.toml: no key is known to exporter, gate, portal or simulation'],
    [
      { listen: ':1' },
      'f.toml: its keys fit several roles (exporter, gate, portal, simulation); choose one with --role',
    ],
  ])('follows from its keys: %j', (tables, kind) => {
    expect(kindOf(tables)).toBe(kind);
  });
});
