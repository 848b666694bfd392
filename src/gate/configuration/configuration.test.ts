import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { GateConfig } from './config.ts';
import { checkConfiguration, watchFiles } from './configuration.ts';
import type { TokenTable } from '../tokens/token-table.ts';

function watched() {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const folder = mkdtempSync(join(tmpdir(), 'stackmeter-watch-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'gate.toml');
  writeFileSync(file, 'one');
  let changes = 0;
  const end = watchFiles(
    () => [file],
    100,
    () => void (changes += 1),
  );
  onTestFinished(end);
  return { file, end, changesAfter: (ms: number) => (vi.advanceTimersByTime(ms), changes) };
}

describe('watchFiles', () => {
  it('tells of a change that comes right after it was called', () => {
    const { file, changesAfter } = watched();
    writeFileSync(file, 'other');
    expect([changesAfter(100), changesAfter(500)]).toEqual([1, 1]);
  });

  it('tells of a file that is replaced, taken away and put back', () => {
    const { file, changesAfter } = watched();
    writeFileSync(`${file}.new`, 'two');
    renameSync(`${file}.new`, file);
    const replaced = changesAfter(100);
    rmSync(file);
    const removed = changesAfter(100);
    writeFileSync(file, 'two');
    expect([replaced, removed, changesAfter(100)]).toEqual([1, 2, 3]);
  });

  it('tells of nothing where nothing changes, and after its end', () => {
    const { file, end, changesAfter } = watched();
    expect(changesAfter(1000)).toBe(0);
    end();
    writeFileSync(file, 'other');
    expect(changesAfter(1000)).toBe(0);
  });
});

describe('checkConfiguration', () => {
  const NOW = Date.UTC(2026, 0, 1);
  const token = { name: 'a', hash: Buffer.alloc(32), selectors: undefined, dropLabels: [], limits: {} };
  const problemOf = async (more: Partial<TokenTable>, config: Partial<GateConfig> = {}) =>
    await checkConfiguration(
      {
        listen: { host: '127.0.0.1', port: 0 },
        source: { kind: 'exporter', url: new URL('http://127.0.0.1:1') },
        tokens: [
          {
            ...token,
            expiresMs: undefined,
            hashLabels: [],
            addresses: undefined,
            certificate: undefined,
            ...more,
          },
        ],
        ...config,
      },
      NOW,
    ).then(
      () => 'nothing',
      (error: Error) => error.message,
    );

  it('names what would make a gate useless', async () => {
    expect([
      await problemOf({}),
      await problemOf({ expiresMs: NOW }),
      await problemOf({ hashLabels: ['project_name'] }),
      await problemOf({ hashLabels: ['project_name'] }, { hashKeyFile: '/nonexistent/key' }),
      await problemOf({ certificate: { commonName: 'portal' } }),
    ]).toEqual([
      'nothing',
      expect.stringContaining('every token has expired'),
      expect.stringContaining('hash_labels needs --hash-key-file'),
      expect.stringContaining('/nonexistent/key'),
      expect.stringContaining('--tls-client-ca names none'),
    ]);
  });
});
