import { describe, expect, it } from 'vitest';
import { chooseResource, compareResources, resourceLabel, withoutServerHours } from './resources.ts';

describe('resources', () => {
  it('come in their own order, unknown ones last by name', () => {
    expect(['zeta', 'mb', 'alpha', 'vcpu'].sort(compareResources)).toEqual(['vcpu', 'mb', 'alpha', 'zeta']);
  });

  it('have a label, or the name of the metric', () => {
    expect([resourceLabel('mb'), resourceLabel('quantum_bits')]).toEqual(['Memory', 'quantum_bits']);
  });

  it('have server hours last of the known ones, and rows without them', () => {
    expect(['zeta', 'server', 'instance'].sort(compareResources)).toEqual(['instance', 'server', 'zeta']);
    const rows = ['instance', 'server'].map((resource) => ({ resource }));
    expect([resourceLabel('server'), withoutServerHours(rows)]).toEqual([
      'Server hours',
      [{ resource: 'instance' }],
    ]);
  });

  it('are chosen as wanted if they have usage, otherwise the first one, if there is one', () => {
    expect([
      chooseResource('mb', ['mb', 'vcpu']),
      chooseResource('gpu', ['mb', 'vcpu']),
      chooseResource(undefined, []),
    ]).toEqual(['mb', 'vcpu', undefined]);
  });
});
