import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Transaction } from '../../../database/sql.ts';
import { SharedTransactions, type Transact } from './shared-transactions.ts';

/** Transactions that wait for `finish`, and the log of what they kept. */
function setUp() {
  const log: string[] = [];
  const waiting: (() => void)[] = [];
  const transact: Transact = async (work, isShared) => {
    const works: string[] = [];
    const trx = { send: (name: unknown) => void works.push(String(name)) } as unknown as Transaction;
    await new Promise<void>((resolve) => waiting.push(resolve));
    const kind = isShared ? 'shared' : 'single';
    try {
      const result = await work(trx);
      log.push(`${kind}: ${works.join(' ')}`);
      return result;
    } catch (error) {
      log.push(`${kind}: nothing`);
      throw error;
    }
  };
  const shared = new SharedTransactions(transact);
  const run = async (siteId: number, fault?: Error) =>
    await shared.run(siteId, async (trx) => {
      trx.send(siteId as never);
      await turn();
      if (fault !== undefined) throw fault;
      return siteId;
    });
  const finish = async () => {
    for (let idle = 0; idle < 10; idle += 1) {
      if (waiting.length > 0) idle = 0;
      waiting.splice(0).forEach((wake) => wake());
      await turn();
    }
    return log;
  };
  return { run, finish, waiting };
}

it('lets works that come together share a transaction, in the order of their sites', async () => {
  const { run, finish, waiting } = setUp();
  const results = Promise.all(
    [3, 1, 2, 12, 11, 10, 9, 8, 7, 6, 5, 4, 14, 13, 16, 15, 17].map(async (id) => await run(id)),
  );
  await turn();
  await turn();
  expect(waiting).toHaveLength(2);
  expect(await finish()).toEqual(['shared: 1 2 3 8 9 10 11 12', 'shared: 4 5 6 7 13 14 15 16', 'shared: 17']);
  expect((await results).slice(0, 3)).toEqual([3, 1, 2]);
});

it('puts no two works of a site into one transaction', async () => {
  const { run, finish } = setUp();
  const results = Promise.all([run(1), run(1), run(2)]);
  expect(await finish()).toEqual(['shared: 1 2', 'shared: 1']);
  expect(await results).toEqual([1, 1, 2]);
});

it('keeps a failure at its site: the others run again by themselves', async () => {
  const { run, finish } = setUp();
  const results = Promise.allSettled([run(1), run(2, new Error('broken')), run(3)]);
  expect(await finish()).toEqual(['shared: nothing', 'single: 1', 'single: nothing', 'single: 3']);
  expect(await results).toMatchObject([{ value: 1 }, { reason: { message: 'broken' } }, { value: 3 }]);
});

it('runs nothing again after the database went away, because it may have been kept', async () => {
  const { run, finish } = setUp();
  const away = new Error('Connection terminated unexpectedly');
  const results = Promise.allSettled([run(1), run(2, away)]);
  expect(await finish()).toEqual(['shared: nothing']);
  expect(await results).toMatchObject([{ reason: away }, { reason: away }]);
});
