import { describe, expect, it } from 'vitest';
import { atOnce } from '../../../../prometheus/steps.ts';
import { admit, type SiteInventory } from './admission.ts';
import { reading } from '../../../../../test/ledger/in-memory-book.ts';

const NOTHING: SiteInventory = {
  projects: new Map(),
  clouds: new Set(),
  resources: new Set(),
  serverKinds: new Set(),
  epochs: new Set(),
  meters: new Set(),
};
const ROOM = { projects: 9, clouds: 9, resources: 9, serverKinds: 9, epochs: 9, names: 9, meters: 9 };
const servers = (state: string) => ({ resource: 'server', servers: { flavor: 'a/1/2/3/0/0/0', state } });
const of = (...ids: string[]) => ids.map((projectId) => reading(1, 1, { projectId }));

describe('the room of a site in the ledger', () => {
  it('is for a number of new projects; more are refused, and known projects always pass', () => {
    const name = { projectName: 'one', domainId: 'default', domainName: 'Default' };
    const known = { ...NOTHING, projects: new Map([['\0p1', name]]) };
    const { readings, refusals } = atOnce(
      admit(of('p2', 'p3', 'p1', 'p2', 'p4'), known, { ...ROOM, projects: 1 }),
    );
    expect(readings.map(({ projectId }) => projectId)).toEqual(['p2', 'p1', 'p2']);
    expect(refusals).toEqual([
      {
        reason: 'too many projects',
        count: 2,
        example: 'project_id="p3" project_name="one" resource="vcpu" epoch="a"',
      },
    ]);
  });

  it.each([
    ['clouds', 'too many clouds', { cloud: 'x' }],
    ['resources', 'too many resources', { resource: 'x' }],
    ['epochs', 'too many epochs', { epoch: 'x' }],
    ['meters', 'too many meters', { resource: 'x' }],
  ])('is for a number of new %s', (kind, reason, more) => {
    const readings = [reading(1, 1), reading(1, 1, more), reading(2, 2)];
    const { readings: admitted, refusals } = atOnce(admit(readings, NOTHING, { ...ROOM, [kind]: 1 }));
    expect(admitted).toEqual([readings[0], readings[2]]);
    expect(refusals.map(({ reason: said, count }) => [said, count])).toEqual([[reason, 1]]);
  });

  it('is for a number of new flavors and states, which take no room of the resources', () => {
    const readings = ['active', 'stopped', 'active', 'paused'].map((state, i) =>
      reading(i, i, servers(state)),
    );
    const { readings: admitted, refusals } = atOnce(
      admit(readings, NOTHING, { ...ROOM, resources: 0, serverKinds: 2 }),
    );
    expect(admitted).toEqual(readings.slice(0, 3));
    expect(refusals).toEqual([
      {
        reason: 'too many flavors and states',
        count: 1,
        example:
          'project_id="p1" project_name="one" resource="server" flavor="a/1/2/3/0/0/0" state="paused" epoch="a"',
      },
    ]);
  });

  it('is not used up by refused readings', () => {
    const readings = [reading(1, 1, { projectId: 'p9', cloud: 'no' }), reading(1, 1)];
    const known = { ...NOTHING, clouds: new Set(['']) };
    expect(atOnce(admit(readings, known, { ...ROOM, projects: 1, clouds: 0 })).readings).toEqual([
      readings[1],
    ]);
  });

  it('is for a number of new names; beyond it, a project keeps its present name and counts', () => {
    const readings = ['one', 'two', 'three', 'one'].map((projectName, i) => reading(i, i, { projectName }));
    const { readings: admitted, refusals } = atOnce(admit(readings, NOTHING, { ...ROOM, names: 2 }));
    expect(admitted.map(({ projectName, atMs }) => [projectName, atMs])).toEqual([
      ['one', 0],
      ['two', 1],
      ['two', 2],
      ['two', 3],
    ]);
    expect(refusals.map(({ reason, count }) => [reason, count])).toEqual([['too many names', 2]]);
  });
});
