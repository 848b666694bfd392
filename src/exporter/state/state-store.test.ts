import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { silentLogger } from '../../runtime/logger.ts';
import { UserError } from '../../runtime/user-error.ts';
import { openStateStore } from './state-store.ts';

const noon = Date.UTC(2026, 0, 1, 12);

function stateFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'stackmeter-state-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, 'state.json');
}

const options = (path: string, startMs?: number) => ({
  path,
  startMs,
  nowMs: noon + 999,
  logger: silentLogger(),
});

async function open(path: string, startMs?: number) {
  const store = await openStateStore(options(path, startMs));
  onTestFinished(async () => await store.close());
  return store;
}

describe('the state of an exporter', () => {
  it('starts now, in whole seconds, or at the start date, with a new epoch', async () => {
    const fresh = (await open(stateFile())).current().meter;
    const dated = (await open(stateFile(), noon - 86_400_000)).current().meter;
    expect([fresh.startMs, fresh.untilMs, dated.startMs]).toEqual([noon, noon, noon - 86_400_000]);
    expect(fresh.epoch).not.toBe(dated.epoch);
  });

  it('is read as it was saved, and keeps its start date', async () => {
    const path = stateFile();
    const store = await open(path);
    const { meter, ...rest } = store.current();
    const next = { ...rest, meter: { ...meter, untilMs: noon + 60_000 } };
    await store.save(next);
    await store.close();
    expect((await open(path, noon - 86_400_000)).current()).toEqual(next);
  });

  it('is on disk once it is saved, even if it is unchanged, and is not written a second time', async () => {
    const path = stateFile();
    const store = await open(path);
    await store.save(store.current());
    const { epoch } = store.current().meter;
    rmSync(path);
    await store.save(store.current());
    expect(readdirSync(join(path, '..'))).toEqual(['state.json.lock']);
    await store.save({ ...store.current() });
    await store.close();
    expect((await open(path)).current().meter.epoch).toBe(epoch);
  });

  it('stays behind a link, and belongs to one exporter under all its names', async () => {
    const path = stateFile();
    const link = `${path}.link`;
    symlinkSync('state.json', link);
    const store = await open(link);
    await store.save(store.current());
    await expect(openStateStore(options(path))).rejects.toThrow('is in use by another exporter');
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readFileSync(path, 'utf8')).toContain(store.current().meter.epoch);
  });

  it('is not replaced if it cannot be read', async () => {
    const path = stateFile();
    writeFileSync(path, '{"format":');
    await expect(openStateStore(options(path))).rejects.toThrow(
      `${path} is not a state of the exporter (Unexpected end of JSON input): restore a copy`,
    );
    expect(readFileSync(path, 'utf8')).toBe('{"format":');
  });

  it('is not read or replaced if a newer version wrote it', async () => {
    const path = stateFile();
    const store = await open(path);
    await store.save({ ...store.current() });
    await store.close();
    const newer = readFileSync(path, 'utf8').replace('"version":2', '"version":9');
    writeFileSync(path, newer);
    await expect(openStateStore(options(path))).rejects.toThrow(
      new UserError(
        `${path} was written by a newer stackmeter (its version is 9, this program knows 3): use that version or a newer one`,
      ),
    );
    expect(readFileSync(path, 'utf8')).toBe(newer);
  });

  it('belongs to one exporter at a time, and is free after the exporter has closed', async () => {
    const path = stateFile();
    const first = await open(path);
    await expect(openStateStore(options(path))).rejects.toThrow(
      `${path} is in use by another exporter (pid ${process.pid})`,
    );
    await first.close();
    await (await open(path)).close();
    expect(readdirSync(join(path, '..'))).toEqual([]);
  });

  it.each([
    ['has died', { id: 'x', pid: 2 ** 22 + 1, host: hostname() }],
    ['was another process of the same pid', { id: 'x', pid: process.pid, host: hostname(), started: '1' }],
    ['was on another host', { id: 'x', pid: process.pid, host: 'elsewhere' }],
    ['is nobody', {}],
  ])('is taken over if its holder %s', async (_, holder) => {
    const path = stateFile();
    writeFileSync(`${path}.lock`, JSON.stringify(holder));
    const store = await open(path);
    await store.save(store.current());
    expect(readdirSync(join(path, '..'))).toEqual(['state.json', 'state.json.lock']);
  });

  it('is not written by an exporter that has lost its lock', async () => {
    const path = stateFile();
    const store = await open(path);
    writeFileSync(`${path}.lock`, JSON.stringify({ id: 'other', pid: 1, host: 'elsewhere' }));
    await expect(store.save(store.current())).rejects.toThrow(`another exporter has taken over ${path}`);
    await store.close();
    expect(readdirSync(join(path, '..'))).toEqual(['state.json.lock']);
  });

  it('is cleaned of the drafts of exporters that were killed while they wrote', async () => {
    const path = stateFile();
    for (const draft of ['.123.tmp', '.lock.123e4567-e89b-42d3-a456-426614174000', '.mine.tmp'])
      writeFileSync(`${path}${draft}`, '');
    await open(path);
    expect(readdirSync(join(path, '..'))).toEqual(['state.json.lock', 'state.json.mine.tmp']);
  });

  it('names the file that cannot be written, and stays unchanged', async () => {
    const path = stateFile();
    const store = await open(path);
    const before = store.current();
    mkdirSync(path);
    const saved = store.save({ ...before, allProjects: true });
    await expect(saved).rejects.toThrow(`the state ${path} cannot be written`);
    expect(store.current()).toBe(before);
    expect(readdirSync(join(path, '..'))).toEqual(['state.json', 'state.json.lock']);
  });

  it('needs an existing folder', async () => {
    await expect(openStateStore(options('/nowhere/state.json'))).rejects.toThrow(
      'cannot keep a state in the folder /nowhere (ENOENT: no such file or directory): see --state',
    );
  });
});
