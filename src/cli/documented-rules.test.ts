import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { portalCommand } from './portal.ts';

const guide = readFileSync(new URL('../../docs/portal-guide.md', import.meta.url), 'utf8');
const [, section = ''] = /\n### Examples of rules\n([^]*?)\n###? /.exec(guide) ?? [];

/** Heading, rules, claims and answer of each example. */
const examples = section
  .split('\n#### ')
  .slice(1)
  .map((text) => ({ name: text.split('\n', 1)[0] ?? '', ...blocksOf(text) }));

function blocksOf(text: string) {
  const block = (language: string) =>
    new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(text)?.[1] ?? `no ${language}`;
  return { toml: block('toml'), claims: block('json'), answer: block('text') };
}

describe('the examples of rules in docs/portal-guide.md', () => {
  it('are about four kinds of providers', () => {
    expect(examples.map(({ name }) => name)).toHaveLength(4);
  });

  it.each(examples)('are explained as the guide says: $name', async ({ toml, claims, answer }) => {
    const folder = mkdtempSync(join(tmpdir(), 'stackmeter-documented-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const [config, file] = [join(folder, 'portal.toml'), join(folder, 'claims.json')];
    writeFileSync(config, toml);
    writeFileSync(file, claims);
    const said = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    onTestFinished(() => said.mockRestore());
    await portalCommand().parseAsync(['access', 'explain', '--config', config, '--claims', file], {
      from: 'user',
    });
    expect(said.mock.calls.map(([text]) => text).join('')).toBe(answer);
  });
});
