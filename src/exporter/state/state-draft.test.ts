import { describe, expect, it } from 'vitest';
import { newMeterState } from '../metering/meter-state.ts';
import { StateDraft } from './state-draft.ts';
import type { ExporterState } from './state-format.ts';

const empty: ExporterState = {
  meter: newMeterState('e1', 0),
  allProjects: false,
  names: new Map(),
  sampled: new Map(),
  flavorGpus: new Map(),
};
const changed = { ...empty, allProjects: true };
const changedTwice = { ...changed, flavorGpus: new Map([['g1', 1]]) };

/** A store in memory. Its disk can be full. */
function store() {
  let state = empty;
  let onDisk: ExporterState | undefined;
  const written: ExporterState[] = [];
  const full = { disk: false };
  const save = async (next: ExporterState) => {
    await Promise.resolve();
    if (next === onDisk) return;
    if (full.disk) throw new Error('ENOSPC');
    written.push(next);
    onDisk = next;
    state = next;
  };
  return { written, full, current: () => state, save, close: async () => await Promise.resolve() };
}

describe('the draft of a state', () => {
  it('is written once for all changes, and not without a change', async () => {
    const kept = store();
    const draft = new StateDraft(kept);
    draft.change(changed);
    draft.change(changedTwice);
    expect([draft.current(), kept.current()]).toEqual([changedTwice, empty]);
    await draft.save();
    await draft.save();
    expect(kept.written).toEqual([changedTwice]);
  });

  it('is written without a change if a new state was never written', async () => {
    const kept = store();
    await new StateDraft(kept).save();
    await new StateDraft(kept).save();
    expect(kept.written).toEqual([empty]);
  });

  it('reports only after it is written', async () => {
    const kept = store();
    const draft = new StateDraft(kept);
    let told = 0;
    draft.change(changed, () => (told += 1));
    kept.full.disk = true;
    await expect(draft.save()).rejects.toThrow('ENOSPC');
    expect([told, kept.current()]).toEqual([0, empty]);
    kept.full.disk = false;
    await draft.save();
    await draft.save();
    expect(told).toBe(1);
  });
});
