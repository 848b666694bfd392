/** A sorted copy of a list, in steps of about `run` items. Equal items keep their order. */
export function* sorted<T>(
  items: readonly T[],
  compare: (one: T, other: T) => number,
  run: number,
): Generator<void, T[], void> {
  if (items.length <= run) {
    yield;
    return items.toSorted(compare);
  }
  const middle = items.length >> 1;
  const first = yield* sorted(items.slice(0, middle), compare, run);
  const second = yield* sorted(items.slice(middle), compare, run);
  return yield* merged(first, second, compare, run);
}

function* merged<T>(
  first: readonly T[],
  second: readonly T[],
  compare: (one: T, other: T) => number,
  run: number,
): Generator<void, T[], void> {
  const all: T[] = [];
  let [one, other] = [0, 0];
  while (one < first.length && other < second.length) {
    const takesFirst = compare(first[one] as T, second[other] as T) <= 0;
    all.push((takesFirst ? first[one++] : second[other++]) as T);
    if (all.length % run === 0) yield;
  }
  return all.concat(first.slice(one), second.slice(other));
}
