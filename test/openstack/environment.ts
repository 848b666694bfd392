import { readFileSync } from 'node:fs';

/** The variables in the `KEY=value` lines of an openrc. */
export function openstackEnvironment(openrc: string): Record<string, string> {
  const lines = readFileSync(openrc, 'utf8')
    .split('\n')
    .filter((line) => line.includes('='));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}
