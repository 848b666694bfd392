import type { Sample } from '../../../../prometheus/sample.ts';
import type { Refusal } from '../../ledger.ts';

/** Such a series is not usage, so nothing is lost. */
const FOREIGN = 'a foreign metric name';

/** Why a series is refused (rules A9 and A10). */
export type RefusalReason =
  | typeof FOREIGN
  | 'not a number'
  | 'an infinite total'
  | 'a negative total'
  | 'an implausibly large total'
  | 'no project_id'
  | 'no flavor with its facts'
  | 'no state of servers'
  | 'no time'
  | 'a time in the future'
  | 'a time too long ago'
  | 'too many series'
  | 'too many exporters'
  | 'a second series for one meter'
  | "without its exporter's statement";

const LONGEST_EXAMPLE = 200;

/** One line about the refused usage of a sweep, for the status of the site; null if no usage was refused. */
export function refusalSummary(refusals: readonly Refusal[]): string | null {
  const usage = refusals.filter(({ reason }) => reason !== FOREIGN);
  if (usage.length === 0) return null;
  const reasons = usage.map(({ reason, count, example }) => `${reason} (${count}, such as ${example})`);
  return `series were refused: ${reasons.join('; ')}`;
}

/** Counts refused series by reason, with the first series as an example. */
export class Refusals {
  readonly #byReason = new Map<RefusalReason, { count: number; example: string }>();

  add(reason: RefusalReason, sample: Sample): void {
    const known = this.#byReason.get(reason);
    if (known === undefined) this.#byReason.set(reason, { count: 1, example: printable(sample) });
    else known.count += 1;
  }

  list(): Refusal[] {
    return [...this.#byReason].map(([reason, { count, example }]) => ({ reason, count, example }));
  }
}

/** A series on one line, without control characters, cut to a bounded length. */
function printable({ name, labels, value }: Sample): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}=${JSON.stringify(short(text))}`);
  const line = escapeControls(`${short(name)}{${pairs.join(',')}} ${value}`);
  return line.length > LONGEST_EXAMPLE ? `${line.slice(0, LONGEST_EXAMPLE - 1)}…` : line;
}

function short(text: string): string {
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

/** Escapes characters that move a terminal's cursor, end a line, or cannot be stored (NUL, half a surrogate pair). */
function escapeControls(text: string): string {
  return text.replaceAll(
    /\p{C}/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
