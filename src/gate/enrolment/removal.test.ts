import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { prepareRemoval, removeTokens } from './removal.ts';

const NOW = Date.UTC(2026, 10, 29);
const hash = (digit: number) => `sha256:${String(digit).repeat(64)}`;
const line = (name: string, digit: number) => `${name} ${hash(digit)}\n`;
const table = (name: string, digit: number) => `\n[[token]]\nname = "${name}"\nhash = "${hash(digit)}"\n`;
const SETTINGS = 'exporter = "http://127.0.0.1:8080"\nlisten = "127.0.0.1:0"\n';

function gateWith(files: { tokens?: string; 'gate.toml'?: string }, env: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'stackmeter-removal-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const sources = {
    flags: files.tokens === undefined ? {} : { tokenFile: join(folder, 'tokens') },
    env,
    configFile: files['gate.toml'] === undefined ? undefined : join(folder, 'gate.toml'),
  };
  return async (portal: string, keep: 'newest' | 'none') => {
    await removeTokens(prepareRemoval(portal, keep, sources, NOW));
    return Object.keys(files).map((name) => readFileSync(join(folder, name), 'utf8'));
  };
}

it('ends the earlier tokens of one portal, in the token file and in gate.toml', async () => {
  const others = `# ours\n${line('other', 1)}`;
  const byFile = gateWith({ tokens: `${line('a', 2)}${others}${line('a', 3)}` });
  expect(await byFile('a', 'newest')).toEqual([`${others}${line('a', 3)}`]);
  expect(await byFile('a', 'newest')).toEqual([`${others}${line('a', 3)}`]);
  const byTable = gateWith({ 'gate.toml': `${SETTINGS}${table('a', 1)}${table('b', 2)}${table('a', 3)}` });
  expect(await byTable('a', 'newest')).toEqual([`${SETTINGS}${table('b', 2)}${table('a', 3)}`]);
  const both = gateWith({ tokens: line('a', 1) + others, 'gate.toml': `${SETTINGS}${table('a', 3)}` });
  expect(await both('a', 'newest')).toEqual([others, `${SETTINGS}${table('a', 3)}`]);
});

it('ends all tokens of a portal', async () => {
  const byFile = gateWith({ tokens: `${line('a', 2)}${line('b', 1)}${line('a', 3)}` });
  expect(await byFile('a', 'none')).toEqual([line('b', 1)]);
  const byTable = gateWith(
    { 'gate.toml': `${SETTINGS}${table('a', 1)}` },
    { PORTAL_AUTH_TOKEN: 'x'.repeat(32) },
  );
  expect(await byTable('a', 'none')).toEqual([SETTINGS]);
});

it('leaves the last token as one that has expired, so that the gate applies the change', async () => {
  const ended = '2026-11-29T00:00:00.000Z';
  const byFile = gateWith({ tokens: `${line('a', 2)}${line('a', 3)}` });
  expect(await byFile('a', 'none')).toEqual([`a ${hash(3)} expires ${ended}\n`]);
  const byTable = gateWith({ 'gate.toml': `${SETTINGS}${table('a', 1)}` });
  expect(await byTable('a', 'none')).toEqual([
    `${SETTINGS}${table('a', 1)}expires = "${ended}"\nserver_hours = false\n`,
  ]);
});

it('names the tokens that there are, if there is none of the portal', async () => {
  const gate = gateWith({ tokens: `${line('a', 2)}${line('b', 3)}` });
  await expect(gate('c', 'none')).rejects.toThrow('the gate has no token of c; it has those of: a, b');
  await expect(gateWith({})('c', 'none')).rejects.toThrow(
    'the gate has no tokens here: name its file with --config or --token-file',
  );
});
