import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { readGateConfig } from './settings.ts';

it('accepts the configuration of docs/security.md', () => {
  const page = readFileSync(new URL('../../../docs/security.md', import.meta.url), 'utf8');
  const [, example = ''] = /```toml\n([^]*?)```/.exec(page) ?? [];
  const folder = mkdtempSync(join(tmpdir(), 'stackmeter-documented-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const configFile = join(folder, 'gate.toml');
  writeFileSync(configFile, example.replaceAll('sha256:…', `sha256:${'0'.repeat(64)}`));
  const { tokens = [] } = readGateConfig({ flags: {}, env: {}, configFile });
  expect(tokens.map(({ name, dropLabels, hashLabels }) => [name, dropLabels, hashLabels])).toEqual([
    ['portal', [], []],
    ['statistics', ['domain_name'], ['project_name']],
  ]);
});
