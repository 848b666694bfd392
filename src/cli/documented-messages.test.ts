import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');

/** What other programs say: the engine, Node.js, PostgreSQL, Prometheus. */
const OF_OTHERS = new Set([
  'address already in use',
  'password authentication failed',
  'permission denied',
  'port is already allocated',
]);

/** In backticks in the first column, where there is more than a name. */
function quotedMessages(page: string): string[] {
  const seen = page
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| --'))
    .map((line) => line.split('|')[1] ?? '');
  const quoted = seen.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, text]) => text ?? ''));
  return quoted.filter((text) => !text.startsWith('curl ') && text.includes(' ') && !OF_OTHERS.has(text));
}

/** All that the programs and the compose files are made of. */
function sources(): string {
  const files = readdirSync(new URL('src/', root), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => `src/${file}`);
  return [...files, 'docker-compose.site.yml', 'docker-compose.portal.yml'].map(read).join('\n');
}

/** The words between what is a value: a name of the environment, a path and why it is not read, the rest. */
const parts = (message: string) =>
  message.split(/\b[A-Z]+_[A-Z_]+\b|key \/tls\/.*|…/).filter((part) => part.trim() !== '');

describe('docs/troubleshooting.md', () => {
  const text = sources();

  it.each(quotedMessages(read('docs/troubleshooting.md')))('quotes what is said: %s', (message) => {
    expect(parts(message).filter((part) => !text.includes(part))).toEqual([]);
  });
});
