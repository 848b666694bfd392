import { named, type Rows, type Statement, type Transaction } from '../../../database/sql.ts';

interface Request {
  statement: Statement;
  /** Undefined if nobody waits for the rows. */
  answer?: { resolve: (rows: Rows<object>) => void; reject: (error: unknown) => void };
}

type Work<T> = (trx: Transaction) => Promise<T>;

/**
 * Runs several works in a transaction. Once all of them wait for an answer, sends their statements, and joins those that
 * differ in their values only: a statement costs this process and PostgreSQL more than the few rows of a small site. The
 * statements of each work keep their order. Those of different works have none, so each work must have rows of its own.
 * Waits for all works, also after a failure.
 */
export async function runJointly<T>(trx: Transaction, works: readonly Work<T>[]): Promise<T[]> {
  const joint = new JointStatements(trx);
  const settled = await Promise.allSettled(works.map((work) => joint.start(work)));
  const results = settled.map((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  });
  joint.flush();
  return results;
}

interface Member {
  /** The statements that are not sent yet. */
  queue: Request[];
  /** The number of questions without an answer. */
  asks: number;
  isOver: boolean;
}

class JointStatements {
  readonly #trx: Transaction;
  readonly #members: Member[] = [];

  constructor(trx: Transaction) {
    this.#trx = trx;
  }

  async start<T>(work: Work<T>): Promise<T> {
    const member: Member = { queue: [], asks: 0, isOver: false };
    this.#members.push(member);
    try {
      return await work({
        send: (statement) => void member.queue.push({ statement }),
        query: async <Row extends object>(statement: Statement) =>
          (await this.#ask(member, statement)) as Rows<Row>,
      });
    } finally {
      member.isOver = true;
      this.#flushIfAllWait();
    }
  }

  async #ask(member: Member, statement: Statement): Promise<Rows<object>> {
    member.asks += 1;
    this.#flushIfAllWait();
    try {
      return await new Promise((resolve, reject) =>
        member.queue.push({ statement, answer: { resolve, reject } }),
      );
    } finally {
      member.asks -= 1;
    }
  }

  /** A moment later, because a work may have more to say before it waits. */
  #flushIfAllWait(): void {
    process.nextTick(() => {
      if (this.#members.every(({ asks, isOver }) => asks > 0 || isOver)) this.flush();
    });
  }

  /** Sends everything now. */
  flush(): void {
    for (;;) {
      const first = this.#members.find(({ queue }) => queue.length > 0)?.queue[0];
      if (first === undefined) return;
      const joint = this.#members.filter(({ queue: [next] }) => isJoint(next, first));
      this.#run(joint.slice(0, sizeOf(joint.length)).flatMap(({ queue }) => queue.splice(0, 1)));
    }
  }

  #run(requests: readonly Request[]): void {
    const statement = jointStatement(requests.map((request) => request.statement));
    const answers = requests.flatMap(({ answer }) => answer ?? []);
    if (answers.length === 0) return this.#trx.send(statement);
    this.#trx.query(statement).then(
      (all) => {
        const rowsOf = requests.length === 1 ? [all] : rowsByMember(all, requests.length);
        for (const [index, { resolve }] of answers.entries()) resolve(rowsOf[index] as Rows<object>);
      },
      (error: unknown) => answers.forEach(({ reject }) => reject(error)),
    );
  }
}

/** Statements of eight members take a tenth more of PostgreSQL's CPU, and save no more here. */
const MOST_MEMBERS = 4;

/** A power of two, so that connections keep few statements, and plans for them. */
function sizeOf(most: number): number {
  return 2 ** Math.floor(Math.log2(Math.min(most, MOST_MEMBERS)));
}

function isJoint(request: Request | undefined, first: Request): boolean {
  if (request === first) return true;
  const { name } = first.statement;
  return name !== undefined && request?.statement.name === name && !request.answer === !first.answer;
}

/** By the number of members and the name of their statement. */
const known = new Map<string, Required<Omit<Statement, 'values'>>>();

/** One statement for several that differ in their values only. A question gets a column `member`: 0, 1 and so on. */
export function jointStatement(statements: readonly Statement[]): Statement {
  const [first] = statements as [Statement, ...Statement[]];
  if (statements.length === 1) return first;
  const key = `${statements.length} ${first.name}`;
  let joint = known.get(key);
  if (joint === undefined) known.set(key, (joint = named(jointText(statements))));
  return { ...joint, values: statements.flatMap(({ values }) => values) };
}

/** PostgreSQL plans each member as if it were by itself, so it finds rows in the same way. */
function jointText(statements: readonly Statement[]): string {
  const texts = statements.map(({ text, values }, index) =>
    text.replaceAll(/\$(\d+)/g, (_, place) => `$${Number(place) + index * values.length}`),
  );
  if (isQuestion(texts[0]))
    return texts.map((text, index) => `SELECT ${index} AS member, r.* FROM (${text}) r`).join(' UNION ALL ');
  return `WITH ${texts.map((text, index) => `member_${index} AS (${text})`).join(', ')} SELECT`;
}

function isQuestion(text = ''): boolean {
  return /^\s*(?:SELECT|WITH)\b/.test(text);
}

/** The rows of each member of a joint question, without the column `member`. Changes have no rows. */
function rowsByMember({ rows }: Rows<object>, members: number): Rows<object>[] {
  const parts = Array.from({ length: members }, () => [] as object[]);
  for (const { member, ...row } of rows as { member?: number }[])
    if (member !== undefined) parts[member]?.push(row);
  return parts.map((part) => ({ rows: part, rowCount: part.length }));
}
