import { expect, it } from 'vitest';
import { systemClock } from '../../runtime/clock.ts';
import { silentLogger } from '../../runtime/logger.ts';
import type { Database } from './database.ts';
import { Replica } from './replica.ts';

/** A read replica that fails with this code, beside a primary that answers. */
function replicaThatFails(code: string): Replica {
  const primary = { query: async () => await Promise.resolve({ rows: [{ position: '0/10' }] }) };
  const failure = Object.assign(new Error('no'), { code });
  return new Replica({
    database: { query: async () => await Promise.reject(failure) } as unknown as Database,
    primary: { inLane: () => primary } as unknown as Database,
    name: 'the replica',
    clock: systemClock,
    logger: silentLogger(),
  });
}

it.each(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', '57P03', '53300'])(
  'is not used at a start, and does not stop it, while it fails with %s',
  async (code) => {
    const replica = replicaThatFails(code);
    await expect(replica.check()).resolves.toBeUndefined();
    expect(await replica.age()).toBeUndefined();
  },
);

it('stops a start if only a person can help', async () => {
  await expect(replicaThatFails('28P01').check()).rejects.toThrow(
    'cannot use DATABASE_READ_URL: the replica: no',
  );
});
