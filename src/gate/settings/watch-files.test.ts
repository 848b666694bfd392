import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { watchFiles } from './watch-files.ts';

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
  it('reports a change right after its call', () => {
    const { file, changesAfter } = watched();
    writeFileSync(file, 'other');
    expect([changesAfter(100), changesAfter(500)]).toEqual([1, 1]);
  });

  it('reports a file that is replaced, removed and put back', () => {
    const { file, changesAfter } = watched();
    writeFileSync(`${file}.new`, 'two');
    renameSync(`${file}.new`, file);
    const replaced = changesAfter(100);
    rmSync(file);
    const removed = changesAfter(100);
    writeFileSync(file, 'two');
    expect([replaced, removed, changesAfter(100)]).toEqual([1, 2, 3]);
  });

  it('reports nothing without a change, and nothing after its end', () => {
    const { file, end, changesAfter } = watched();
    expect(changesAfter(1000)).toBe(0);
    end();
    writeFileSync(file, 'other');
    expect(changesAfter(1000)).toBe(0);
  });
});
