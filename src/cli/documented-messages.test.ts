import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');

/** Messages of other programs: the container engine, Node.js, PostgreSQL, Prometheus. */
const FOREIGN_MESSAGES = new Set([
  'address already in use',
  'password authentication failed',
  'permission denied',
  'port is already allocated',
]);

/** Texts in backticks in the bold start of a list item, except single names. */
function quotedMessages(page: string): string[] {
  const symptoms = [...page.matchAll(/^- \*\*([^*]+)\*\*/gm)].map(([, text = '']) =>
    text.replace(/\n */g, ' '),
  );
  const quoted = symptoms.flatMap((symptom) =>
    [...symptom.matchAll(/`([^`]+)`/g)].map(([, text]) => text ?? ''),
  );
  return quoted.filter(
    (text) => !text.startsWith('curl ') && text.includes(' ') && !FOREIGN_MESSAGES.has(text),
  );
}

/** The text of all programs and compose files. */
function sources(): string {
  const files = readdirSync(new URL('src/', root), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => `src/${file}`);
  return [...files, 'docker-compose.site.yml', 'docker-compose.portal.yml'].map(read).join('\n');
}

/** The fixed words of a message: between names of environment variables, paths with a reason, and `…`. */
const parts = (message: string) =>
  message.split(/\b[A-Z]+_[A-Z_]+\b|key \/tls\/.*|…/).filter((part) => part.trim() !== '');

describe('docs/troubleshooting.md', () => {
  const text = sources();

  it.each(quotedMessages(read('docs/troubleshooting.md')))(
    'quotes a message of the programs: %s',
    (message) => {
      expect(parts(message).filter((part) => !text.includes(part))).toEqual([]);
    },
  );
});
