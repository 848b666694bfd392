import type { LimitFunction } from 'p-limit';

/** Goes through what `make` makes once `limit` lets it, and counts there until the end; nothing is made where `gone` is aborted by then. */
export async function* inTurn<T>(
  limit: LimitFunction,
  make: () => AsyncIterable<T>,
  gone?: AbortSignal,
): AsyncGenerator<T> {
  const end = await turnOf(limit);
  try {
    if (gone?.aborted !== true) yield* make();
  } finally {
    end();
  }
}

/** Waits for a turn; returns what ends it. */
async function turnOf(limit: LimitFunction): Promise<() => void> {
  return await new Promise((begin) => {
    void limit(async () => await new Promise<void>((end) => begin(end)));
  });
}
