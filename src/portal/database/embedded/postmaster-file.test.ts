import { describe, expect, it } from 'vitest';
import { isServerOf, parsePostmasterFile } from './postmaster-file.ts';

describe('parsePostmasterFile', () => {
  it('reads pid and socket folder of a running server', () => {
    const text = '4711\n/data/postgresql\n1760000000\n5432\n/tmp/stackmeter-0a1b2c3d\n\n  1234 5\nready   \n';
    expect(parsePostmasterFile(text)).toEqual({
      pid: 4711,
      socketFolder: '/tmp/stackmeter-0a1b2c3d',
    });
  });

  it('finds no socket before the server listens, and nothing in an incomplete file', () => {
    expect(parsePostmasterFile('4711\n/data/postgresql\n1760000000\n5432\n\n')?.socketFolder).toBeUndefined();
    expect(parsePostmasterFile('47')).toBeUndefined();
    expect(parsePostmasterFile('')).toBeUndefined();
  });
});

describe('isServerOf', () => {
  const cluster = '/data dir/postgresql';

  it('recognizes our server of a cluster by its command line', () => {
    expect(isServerOf(cluster, `/opt/bin/postgres -D /proc/self/fd/3 -c stackmeter.folder=${cluster}`)).toBe(
      true,
    );
    expect(isServerOf(cluster, `postgres -c stackmeter.folder=${cluster} -c port=5432`)).toBe(true);
  });

  it('does not mistake another process for it', () => {
    expect(isServerOf(cluster, `/opt/bin/postgres -c stackmeter.folder=${cluster}-2`)).toBe(false);
    expect(isServerOf(cluster, `/opt/bin/postgres -D ${cluster}`)).toBe(false);
    expect(isServerOf(cluster, `vim stackmeter.folder=${cluster}`)).toBe(false);
  });
});
