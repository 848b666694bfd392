import { describe, expect, it } from 'vitest';
import type { RememberedServer, ServerLife } from './meter-state.ts';
import { inPart, partName } from './pool.ts';

const amounts = { vcpu: 1, mb: 512, disk_gb: 10, instance: 1 };
const life = (id: string, projectId = 'pool'): ServerLife => ({
  id,
  projectId,
  launchedMs: 0,
  endedMs: undefined,
  amounts,
});
const remembered = (projectId: string): RememberedServer => ({
  projectId,
  launches: [{ atMs: 0, amounts }],
});

describe('a pool project', () => {
  it.each([
    ['a server with a value belongs to that part', life('s'), [['s', 'course/1']], 'pool/course/1'],
    ['a server without the key belongs to the pool itself', life('s'), [['s', undefined]], 'pool'],
    ['a server with an empty value belongs to the pool itself', life('s'), [['s', '']], 'pool'],
    ['a deleted server stays in its last part', life('gone'), [], 'pool/before'],
    ['a server that was never shown belongs to the pool itself', life('new'), [], 'pool'],
    ['servers of other projects stay with their project', life('s', 'p1'), [['s', 'course']], 'p1'],
  ] as const)('%s', (_, server, values, projectId) => {
    const known = new Map([['gone', remembered('pool/before')]]);
    const owned = inPart(server, { projectId: 'pool', metadataKey: 'k' }, new Map(values), known);
    expect(owned).toEqual({ ...server, projectId });
  });

  it('has parts that are named by the metadata values', () => {
    expect(['pool/a', 'pool/a/b', 'pool', 'poolx/a'].map((id) => partName('pool', id))).toEqual([
      'a',
      'a/b',
      undefined,
      undefined,
    ]);
  });
});
