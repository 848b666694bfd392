import { expect, it } from 'vitest';
import type { Amounts } from '../metering/amounts.ts';
import type { ServerUsage } from '../openstack/nova-usage.ts';
import { serverLife, type KnownGpus } from './server-lives.ts';

const usage: ServerUsage = {
  id: 's1',
  projectId: 'p1',
  launchedMs: 5000,
  endedMs: undefined,
  flavorName: 'g1',
  state: 'active',
  vcpus: 4,
  memoryMb: 1024,
  diskGb: 10,
};
const sizes = { vcpu: 4, mb: 1024, disk_gb: 10, instance: 1 };

function amounts(known: Partial<KnownGpus>, counted?: { atMs: number; amounts: Amounts }): Amounts {
  const server = counted && { projectId: 'p1', launches: [counted] as const };
  const servers = new Map(server === undefined ? [] : [['s1', server]]);
  const none = { gpusOf: () => undefined, flavorGpus: new Map() };
  return serverLife(usage, { ...none, servers, ...known }).amounts;
}

const own = { gpusOf: () => 1 };
const today = { flavorGpus: new Map([['g1', 2]]) };
const counted = { atMs: 5000, amounts: { ...sizes, gpu: 3 } };

it.each<[string, Partial<KnownGpus>, typeof counted | undefined, Partial<Amounts>]>([
  ['by its own flavor before all else', { ...own, ...today }, counted, { gpu: 1 }],
  ['as none if its own flavor has none', { gpusOf: () => 0, ...today }, counted, {}],
  ['by the amount counted since this launch', today, counted, { gpu: 3 }],
  ['by the flavor of its name after another launch', today, { ...counted, atMs: 4000 }, { gpu: 2 }],
  [
    'by the flavor of its name if Nova has written another size',
    today,
    { ...counted, amounts: { ...counted.amounts, vcpu: 8 } },
    { gpu: 2 },
  ],
  ['by the flavor of its name if nothing else is known', today, undefined, { gpu: 2 }],
  ['later, if no flavor is known', {}, undefined, { unreadFlavor: 'g1' }],
])('the GPUs of a server count %s', (_, known, before, expected) => {
  expect(amounts(known, before)).toEqual({ ...sizes, ...expected });
});

it('a server has no GPUs if GPUs are not metered', () => {
  expect(serverLife(usage, undefined).amounts).toEqual(sizes);
});
