import { describe, expect, it } from 'vitest';
import { foldWindow } from './fold.ts';
import { newMeterState, type MeterState } from './meter-state.ts';
import { settleFlavors } from './unread-flavors.ts';

const sizes = { vcpu: 1, mb: 512, disk_gb: 1, instance: 1 };

/** Folds one server of `p1`, launched at 0, up to `endMs`. */
function fold(
  state: MeterState,
  endMs: number,
  amounts: typeof sizes & { gpu?: number; unreadFlavor?: string },
) {
  const servers = [{ id: 's1', projectId: 'p1', launchedMs: 0, endedMs: undefined, amounts }];
  return foldWindow(state, { servers, endMs, novaNowMs: endMs }).state;
}

describe('GPUs of a flavor that could not be read', () => {
  const unread = fold(newMeterState('e', 0), 1000, { ...sizes, unreadFlavor: 'g1' });

  it('are counted in full when the flavor can be read', () => {
    expect(unread.totals.get('p1')?.gpu).toBeUndefined();
    const settled = settleFlavors(unread, new Map([['g1', 2]]));
    expect(settled.totals.get('p1')?.gpu).toBe(2000n);
    const after = fold(settled, 1500, { ...sizes, gpu: 2 });
    expect([after.totals.get('p1')?.gpu, after.unreadFlavors]).toEqual([3000n, undefined]);
  });

  it('may turn out to be none, or a fraction of one', () => {
    expect(settleFlavors(unread, new Map([['g1', 0]])).totals).toEqual(unread.totals);
    expect(settleFlavors(unread, new Map([['g1', 0.25]])).totals.get('p1')?.gpu).toBe(250n);
  });

  it('stay uncounted while only other flavors can be read', () => {
    expect(settleFlavors(unread, new Map([['g2', 1]]))).toBe(unread);
    const longer = fold(unread, 3000, { ...sizes, unreadFlavor: 'g1' });
    expect(longer.unreadFlavors).toEqual(new Map([['g1', new Map([['p1', 3000n]])]]));
    expect(settleFlavors(longer, new Map([['g1', 1]])).totals.get('p1')?.gpu).toBe(3000n);
  });
});
