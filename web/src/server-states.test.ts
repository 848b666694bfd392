import { describe, expect, it } from 'vitest';
import { compareStates, stateLabel, stateMeaning, UNKNOWN_STATE } from './server-states.ts';

describe('states of servers', () => {
  it('come in their own order, then others by name, and unknown last', () => {
    const states = ['unknown', 'verifying', 'shelved', 'active', 'crashed', 'error', 'stopped'];
    expect(states.sort(compareStates)).toEqual([
      'active',
      'stopped',
      'shelved',
      'error',
      'crashed',
      'verifying',
      'unknown',
    ]);
  });

  it('have labels of plain words', () => {
    expect(['shelved_offloaded', 'soft-delete', 'active'].map(stateLabel)).toEqual([
      'shelved offloaded',
      'soft delete',
      'active',
    ]);
  });

  it('have a meaning if they are known', () => {
    expect([stateMeaning('active'), stateMeaning('crashed')]).toEqual(['The server runs.', undefined]);
    expect(stateMeaning(UNKNOWN_STATE)).toContain('did not tell the state');
  });
});
