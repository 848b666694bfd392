import { describe, expect, it } from 'vitest';
import { SIMULATED_ADMINISTRATOR } from '../../administrator.ts';
import { TokenStore } from './tokens.ts';

describe('a token', () => {
  it('is valid until its lifetime is over', () => {
    const store = new TokenStore(1000);
    const { id } = store.issue(SIMULATED_ADMINISTRATOR, 5000);
    expect(store.find(id, 5999)?.user.name).toBe('admin');
    expect(store.find(id, 6000)).toBeUndefined();
  });

  it('is unknown if another store issued it', () => {
    const { id } = new TokenStore(1000).issue(SIMULATED_ADMINISTRATOR, 0);
    expect(new TokenStore(1000).find(id, 0)).toBeUndefined();
  });
});
