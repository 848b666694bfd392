import { expect, it } from 'vitest';
import { addMeters, type KnownMeter } from './load-meters.ts';

it('builds meters from columns in steps of a bounded size', () => {
  const longestStep = (count: number) => {
    const ids = `{${Array.from({ length: count }, (_, i) => i).join(',')}}`;
    const ones = `{${Array.from({ length: count }, () => 1).join(',')}}`;
    const columns = {
      ids,
      project_ids: ids,
      resource_ids: ones,
      epoch_ids: ones,
      openings: ones,
      last_totals: ones,
      first_at_ms: ones,
      last_at_ms: ones,
      open_hours: ones,
      open_amounts: ones,
      open_spreads: ones,
    };
    const projects = Array.from({ length: count }, (_, id) => ({ id, cloud: '', projectId: `p${id}` }));
    const site = { resourceKeys: new Map([[1, 'vcpu']]), knownEpochs: new Map() };
    const meters = new Map<string, KnownMeter>();
    let [most, before, splits] = [0, 0, 0];
    for (const _step of addMeters(meters, columns, site, projects)) {
      if (meters.size === 0) splits += 1;
      most = Math.max(most, meters.size - before);
      before = meters.size;
    }
    expect(meters.size).toBe(count);
    expect(splits).toBe(Object.keys(columns).length); // a column in each step
    return Math.max(most, meters.size - before);
  };
  expect(longestStep(40_000)).toBeLessThan(1.5 * longestStep(10_000));
});
