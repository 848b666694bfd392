import pLimit, { type LimitFunction } from 'p-limit';
import { writeRequestSteps, type WriteLimits } from '../../prometheus/remote/remote-write.ts';
import { SeriesMemory } from '../../prometheus/remote/series-memory.ts';
import { decompressedLength } from '../../prometheus/remote/snappy.ts';
import { inTurns } from '../../runtime/in-turns.ts';
import { mayTake } from './fair-room.ts';
import type { SenderConfig, SiteRule } from '../settings/sender-settings.ts';
import { Sorter, writtenSeriesOf, type SortedRequest } from './sorting.ts';

/** Memory for series of all senders, so that their labels are not read again with each request. */
const REMEMBERED_BYTES = 96 * 1024 * 1024;
/** Only a few requests that decompress to more than this are read at a time. */
const LARGE_BYTES = 4 * 1024 * 1024;
const LARGE_AT_ONCE = 2;
/** The largest sum of bodies that all senders may be sending at a time, in bytes on the wire. */
const MOST_BODY_BYTES = 64 * 1024 * 1024;

/** Reads requests in steps. Reads one request of each sender at a time, and few large ones, so that memory is bounded. */
export class RequestReader {
  readonly #limits: WriteLimits;
  readonly #memory = new SeriesMemory(writtenSeriesOf, REMEMBERED_BYTES);
  readonly #large = pLimit(LARGE_AT_ONCE);
  /** By name of the sender. */
  #turns = new Map<string, LimitFunction>();
  readonly #bodyBytes = new Map<string, number>();

  constructor(limits: WriteLimits) {
    this.#limits = limits;
  }

  setSenders(senders: readonly Pick<SenderConfig, 'name'>[]): void {
    this.#turns = new Map(senders.map(({ name }) => [name, this.#turns.get(name) ?? pLimit(1)]));
  }

  /** Takes room for a body. Returns a function that gives the room back; undefined if there is no room. */
  takeRoom(sender: string, bytes: number): (() => void) | undefined {
    const own = this.#bodyBytes.get(sender) ?? 0;
    const taken = [...this.#bodyBytes.values()].reduce((sum, part) => sum + part, 0);
    if (!mayTake({ most: MOST_BODY_BYTES, taken, own, sharers: this.#turns.size })) return undefined;
    this.#bodyBytes.set(sender, own + bytes);
    return () => void this.#bodyBytes.set(sender, (this.#bodyBytes.get(sender) ?? 0) - bytes);
  }

  /** Reads a request in the sender's turn. Throws errors of the decoder, and `OversizedRequestError`. */
  async read(sender: string, body: Buffer, rule: SiteRule): Promise<SortedRequest> {
    const turn = this.#turns.get(sender);
    const read = async () => await this.readNow(body, rule);
    return turn === undefined ? await read() : await turn(read);
  }

  /** Like `read`, without waiting for the sender's turn. */
  async readNow(body: Buffer, rule: SiteRule): Promise<SortedRequest> {
    if (decompressedLength(body) < LARGE_BYTES) return await this.#sorted(body, rule);
    return await this.#large(async () => await this.#sorted(body, rule));
  }

  async #sorted(body: Buffer, rule: SiteRule): Promise<SortedRequest> {
    const sorter = new Sorter(rule);
    await inTurns(writeRequestSteps(body, this.#limits, this.#memory, sorter.add.bind(sorter)));
    return sorter.finish();
  }
}
