import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { prepared, sql, type Statement, type Transaction } from '../../../database/sql.ts';
import { jointStatement, runJointly } from './joint-statements.ts';

const nameOf = (site: number) => prepared`SELECT name FROM site WHERE id = ${site}`;
const sizeOf = (site: number) => prepared`SELECT size FROM site WHERE id = ${site}`;
const grow = (site: number, by: number) => prepared`UPDATE site SET size = size + ${by} WHERE id = ${site}`;

/** A transaction that notes its statements. Each member of a question has one row: the last of its values. */
function setUp() {
  const log: string[] = [];
  const note = ({ text, values }: Statement) =>
    void log.push(`${/\w+$|\w+(?= FROM)|UPDATE/.exec(text)?.[0]} ${values.join(' ')}`);
  const query = async (statement: Statement) => {
    note(statement);
    await turn();
    const { values } = statement;
    const rows = values.map((value, member) => (values.length === 1 ? { value } : { member, value }));
    return { rows, rowCount: rows.length };
  };
  const trx: Transaction = { send: note, query: query as Transaction['query'] };
  return { log, trx };
}

it('makes one statement of several that differ in their values only', () => {
  expect(jointStatement([nameOf(7), nameOf(8)])).toMatchObject({
    text: 'SELECT 0 AS member, r.* FROM (SELECT name FROM site WHERE id = $1) r UNION ALL SELECT 1 AS member, r.* FROM (SELECT name FROM site WHERE id = $2) r',
    values: [7, 8],
  });
  expect(jointStatement([grow(7, 1), grow(8, 2)])).toMatchObject({
    text: 'WITH member_0 AS (UPDATE site SET size = size + $1 WHERE id = $2), member_1 AS (UPDATE site SET size = size + $3 WHERE id = $4) SELECT',
    values: [1, 7, 2, 8],
  });
  expect(jointStatement([nameOf(7)])).toEqual(nameOf(7));
  const names = [nameOf(7), sizeOf(7)].map((one) => [
    one,
    jointStatement([one, one]),
    jointStatement([one, one, one]),
  ]);
  expect(new Set(names.flat().map(({ name }) => name)).size).toBe(6);
});

it('waits until all works wait for an answer, and gives each its own rows', async () => {
  const { log, trx } = setUp();
  const work =
    (site: number, turns = 0) =>
    async (own: Transaction) => {
      for (let i = 0; i < turns; i += 1) await turn();
      own.send(grow(site, 1));
      const answers = await Promise.all([own.query(nameOf(site)), own.query(sizeOf(site))]);
      for (let i = 0; i < turns; i += 1) await turn();
      own.send(grow(site, 2));
      return answers.map(({ rows }) => rows);
    };
  expect(await runJointly(trx, [work(1), work(2, 3)])).toEqual(
    [1, 2].map((value) => [[{ value }], [{ value }]]),
  );
  expect(log).toEqual(['UPDATE 1 1 1 2', 'name 1 2', 'size 1 2', 'UPDATE 2 1 2 2']);
});

it('goes on for a work that asks while it waits, and after one that fails while it waits', async () => {
  const { log, trx } = setUp();
  await runJointly(trx, [
    async (own) => {
      const first = own.query(nameOf(1));
      await Promise.all([own.query(sizeOf(1)), first.then(async () => await own.query(nameOf(2)))]);
    },
    async (own) => {
      const first = own.query(nameOf(3));
      const failing = first.then(() => Promise.reject(new Error('broken')));
      await Promise.all([own.query(sizeOf(3)), failing]).catch(() => undefined);
    },
  ]);
  expect(log).toEqual(['name 1 3', 'size 1 3', 'name 2']);
});

it('joins 1, 2 or 4 statements', async () => {
  const { log, trx } = setUp();
  const works = Array.from(
    { length: 11 },
    (_, site) => async (own: Transaction) => await own.query(nameOf(site)),
  );
  await runJointly(trx, works);
  expect(log).toEqual(['name 0 1 2 3', 'name 4 5 6 7', 'name 8 9', 'name 10']);
});

it('keeps the order of the statements of each work', async () => {
  const { log, trx } = setUp();
  await runJointly(trx, [
    async (own) => {
      own.send(grow(1, 1));
      await own.query(nameOf(1));
    },
    async (own) => {
      await own.query(nameOf(2));
      await own.query(sql`SELECT other FROM site WHERE id = ${2}`);
      own.send(grow(2, 1));
    },
    async () => undefined,
  ]);
  expect(log).toEqual(['UPDATE 1 1', 'name 1 2', 'other 2', 'UPDATE 1 2']);
});

it('waits for all works after one has failed', async () => {
  const { log, trx } = setUp();
  const failing = runJointly(trx, [
    async () => {
      throw new Error('broken');
    },
    async (own) => await own.query(nameOf(2)),
  ]);
  await expect(failing).rejects.toThrow('broken');
  expect(log).toEqual(['name 2']);
});

it('tells each work of the failure of their statement', async () => {
  const { trx } = setUp();
  const failure = async () => {
    throw new Error('gone');
  };
  const told: unknown[] = [];
  const work = (site: number) => async (own: Transaction) => {
    await own.query(nameOf(site)).catch((error: unknown) => told.push(error));
  };
  await runJointly({ ...trx, query: failure }, [work(1), work(2)]);
  expect(told).toEqual([new Error('gone'), new Error('gone')]);
});
