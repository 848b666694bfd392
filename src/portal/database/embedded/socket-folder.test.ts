import { describe, expect, it } from 'vitest';
import { socketPathFits } from './socket-folder.ts';

describe('socketPathFits', () => {
  it('holds if the path of the lock file beside the socket has at most 103 bytes', () => {
    // "/.s.PGSQL.5432.lock" has 19.
    expect(socketPathFits('/'.padEnd(84, 'a'))).toBe(true);
    expect(socketPathFits('/'.padEnd(85, 'a'))).toBe(false);
    expect(socketPathFits('/'.padEnd(84, 'ä'))).toBe(false);
  });
});
