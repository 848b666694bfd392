import { createRequire } from 'node:module';
import type * as Yaml from 'yaml';

/**
 * Parses YAML 1.1 as PyYAML does, and turns a number into text as the OpenStack SDK does. A file that works with `openstack`
 * must give stackmeter the same texts: the password `0123` is an octal number, and becomes '83'. `0098765` is not a number,
 * and stays '0098765'.
 */
export function parseSdkYaml(text: string): unknown {
  // Loaded only when needed, because loading takes time and most sites have no clouds.yaml.
  const { parse } = createRequire(import.meta.url)('yaml') as typeof Yaml;
  return parse(text, {
    // This schema knows only texts, lists and tables: the tags below decide everything else.
    schema: 'failsafe',
    merge: true,
    // PyYAML accepts a key twice and takes the last value.
    uniqueKeys: false,
    // PyYAML's own patterns. Left out, and so texts: infinity, NaN, fractions in base 60, dates and `=`.
    customTags: (tags) => [
      ...tags,
      scalar('null', /^(?:~|null|Null|NULL|)$/, () => null),
      scalar('bool', /^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/, () => true),
      scalar('bool', /^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/, () => false),
      scalar('int', /^[-+]?0b[01_]+$/, (digits) => whole(`0b${digits.replace(/0b/, '')}`)),
      scalar('int', /^[-+]?0[0-7_]+$/, (digits) => whole(`0o${digits}`)),
      scalar('int', /^[-+]?(?:0|[1-9][0-9_]*)$/, whole),
      scalar('int', /^[-+]?0x[0-9a-fA-F_]+$/, (digits) => whole(digits)),
      scalar('int', /^[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+$/, sexagesimal),
      scalar('float', /^[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+][0-9]+)?$/, fraction),
      scalar('float', /^\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?$/, fraction),
    ],
  });
}

/**
 * A tag for unquoted texts that match `test`. `read` gets the text without underscores, and without the sign of an
 * `int`.
 */
function scalar(name: string, test: RegExp, read: (text: string) => unknown): Yaml.ScalarTag {
  return {
    // Only for writing YAML, which stackmeter does not do.
    identify: () => false,
    default: true,
    tag: `tag:yaml.org,2002:${name}`,
    test,
    resolve: (text) => {
      const [, sign = '', digits = ''] = /^([-+]?)(.*)$/s.exec(text.replaceAll('_', '')) ?? [];
      // BigInt refuses a sign before 0b, 0o and 0x.
      const value = read(name === 'float' ? sign + digits : digits);
      return sign === '-' && name === 'int' ? `-${String(value)}` : value;
    },
  };
}

function whole(digits: string): string {
  return String(BigInt(digits));
}

/** An integer in base 60: `1:30` is 90. */
function sexagesimal(digits: string): string {
  return String(digits.split(':').reduce((sum, part) => sum * 60n + BigInt(part), 0n));
}

/** A float as Python's `repr` writes it: '1.0', '1e-05', '1e+16'. */
function fraction(text: string): string {
  const value = Number(text);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e16))
    return value.toExponential().replace(/e([-+])(\d)$/, 'e$10$2');
  return Number.isInteger(value) ? `${value}.0` : String(value);
}
