import { describe, expect, it } from 'vitest';
import { foldInOverlap } from './overlap.ts';

/** The events so far, in order, and a way to wait for one. */
class Events {
  readonly said: string[] = [];
  readonly #happened = new Map<string, PromiseWithResolvers<void>>();

  say(event: string): void {
    this.said.push(event);
    this.#of(event).resolve();
  }

  async wait(event: string): Promise<void> {
    await this.#of(event).promise;
  }

  #of(event: string): PromiseWithResolvers<void> {
    const known = this.#happened.get(event) ?? withResolvers();
    this.#happened.set(event, known);
    return known;
  }
}

interface PromiseWithResolvers<T> {
  promise: Promise<T>;
  resolve: (value: T) => void;
}

function withResolvers(): PromiseWithResolvers<void> {
  let resolve = () => {};
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

const pass = async () => {};
/** Lets all other work continue as far as it can. */
const aTurn = async () => await new Promise((resolve) => void setImmediate(resolve));

describe('items that are folded in overlap', () => {
  it('are loaded two ahead of the folded one, while the one before it is written', async () => {
    const events = new Events();
    await foldInOverlap([1, 2, 3], {
      load: async (item) => {
        events.say(`load ${item}`);
        if (item > 1) await events.wait(`fold ${item - 1}`);
        events.say(`loaded ${item}`);
        return item * 10;
      },
      fold: (item, loaded) => {
        events.say(`fold ${item}`);
        return loaded;
      },
      write: async (changes) => {
        if (changes === 10) await events.wait('loaded 3');
        if (changes === 20) await events.wait('fold 3');
        events.say(`written ${changes}`);
      },
    });
    expect(events.said).toEqual([
      'load 1',
      'loaded 1',
      'load 2',
      'load 3',
      'fold 1',
      'loaded 2',
      'fold 2',
      'loaded 3',
      'written 10',
      'fold 3',
      'written 20',
      'written 30',
    ]);
  });

  it('are written one at a time', async () => {
    let writing = 0;
    const most: number[] = [];
    await foldInOverlap([1, 2, 3], {
      load: pass,
      fold: pass,
      write: async () => {
        writing += 1;
        most.push(writing);
        await aTurn();
        writing -= 1;
      },
    });
    expect(most).toEqual([1, 1, 1]);
  });

  it('may be an empty list', async () => {
    await expect(foldInOverlap([], { load: pass, fold: pass, write: pass })).resolves.toBeUndefined();
  });

  it.each(['load 1', 'load 2', 'load 3', 'fold 2', 'write 1', 'write 2', 'write 3'])(
    'leave nothing running when %s fails',
    async (fails) => {
      let onTheWay = 0;
      const step = async (name: string) => {
        onTheWay += 1;
        await aTurn();
        onTheWay -= 1;
        if (name === fails) throw new Error(`${name} fails`);
      };
      const folding = foldInOverlap([1, 2, 3], {
        load: async (item) => await step(`load ${item}`),
        fold: (item) => {
          if (`fold ${item}` === fails) throw new Error(`${fails} fails`);
          return item;
        },
        write: async (item) => await step(`write ${item}`),
      });
      await expect(folding).rejects.toThrow(`${fails} fails`);
      expect(onTheWay).toBe(0);
      await aTurn();
      expect(onTheWay).toBe(0);
    },
  );

  it('fail with the first failure, not with its consequences', async () => {
    const failed = new Events();
    const folding = foldInOverlap([1, 2, 3], {
      load: async (item) => {
        if (item === 1) return;
        await failed.wait('write 1');
        throw new Error('the transaction is aborted');
      },
      fold: (item) => item,
      write: async () => {
        failed.say('write 1');
        throw new Error('write 1 fails');
      },
    });
    await expect(folding).rejects.toThrow('write 1 fails');
  });
});
