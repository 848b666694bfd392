import { PassThrough, type Readable } from 'node:stream';
import type { SiteStatus } from '../../ledger/ledger.ts';

const BEAT_MS = 15_000;
/** A page then opens a new stream, for which the sign-in is checked again. */
const LONGEST_MS = 60_000;
const REOPEN_MS = 500;

const MOST_STREAMS = 1000;
const MOST_OF_ONE = 12;

/** Somebody, or the whole portal, has too many streams. */
export class TooManyStreamsError extends Error {
  override readonly name = 'TooManyStreamsError';
}

/** Whether new readings of a cloud are news for a page (P2). */
export type Sees = (site: string, cloud: string) => boolean;

interface LiveStream {
  who: string | undefined;
  sees: Sees;
}

/** A site, with the newest reading of each cloud. */
type SiteReadings = Pick<SiteStatus, 'name' | 'clouds'>;

/** Tells pages that sites have new readings. The streams have no numbers and no names: each page asks for what it shows. */
export class LiveStreams {
  readonly #streams = new Map<PassThrough, LiveStream>();
  #newest: ReadonlyMap<string, number> | undefined;
  #closed = false;

  /** Whether any page waits. */
  get isAwaited(): boolean {
    return this.#streams.size > 0;
  }

  /** Opens a stream that ends after a minute. `who` is undefined where nobody signs in. Throws `TooManyStreamsError`. */
  open(who: string | undefined, sees: Sees): Readable {
    this.#requireRoom(who);
    const stream = new PassThrough();
    this.#streams.set(stream, { who, sees });
    const beat = setInterval(() => stream.write(':\n\n'), BEAT_MS);
    const end = setTimeout(() => stream.end(), LONGEST_MS);
    stream.once('close', () => {
      clearInterval(beat);
      clearTimeout(end);
      this.#streams.delete(stream);
    });
    stream.write(`retry: ${REOPEN_MS}\n\n`);
    return stream;
  }

  /** Compares the newest readings with those of the last call, and tells the pages that see a change. */
  note(sites: readonly SiteReadings[]): void {
    const before = this.#newest;
    const readings = sites.flatMap(({ name, clouds }) => clouds.map((cloud) => ({ site: name, ...cloud })));
    this.#newest = new Map(readings.map((reading) => [keyOf(reading), reading.lastReadingMs]));
    if (before === undefined) return;
    const changed = readings.filter((reading) => before.get(keyOf(reading)) !== reading.lastReadingMs);
    for (const [stream, { sees }] of this.#streams)
      if (changed.some(({ site, cloud }) => sees(site, cloud)))
        stream.write('event: readings\ndata: new\n\n');
  }

  /** Ends all streams, and opens no more. */
  close(): void {
    this.#closed = true;
    for (const stream of this.#streams.keys()) stream.end();
  }

  #requireRoom(who: string | undefined): void {
    const own = [...this.#streams.values()].filter((stream) => stream.who === who).length;
    if (this.#closed || this.#streams.size >= MOST_STREAMS || (who !== undefined && own >= MOST_OF_ONE))
      throw new TooManyStreamsError('too many pages wait for new readings; this one asks from time to time');
  }
}

function keyOf({ site, cloud }: { site: string; cloud: string }): string {
  return `${site}\n${cloud}`;
}
