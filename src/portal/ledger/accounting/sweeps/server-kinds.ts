import { flavorOfLabel } from '../../../../prometheus/flavor-facts.ts';
import type { Labels } from '../../../../prometheus/sample.ts';
import type { ServerKind } from '../../server-kind.ts';
import type { RefusalReason } from './refusals.ts';

/** The memory of a kind beside its text, estimated. */
const BYTES_OF_KIND = 250;
const BYTES_OF_CHARACTER = 2;

/** Nova's states are short words. */
const STATE = /^[\w.-]{1,64}$/;

/** Keeps one object for each flavor and state: there are few of them, and many readings. */
export class ServerKinds {
  readonly #known = new Map<string, ServerKind>();
  #bytes = 0;

  /** The memory of the kinds, and of their text in the key of each reading's meter. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The kind of a reading; the reason of its refusal if the labels tell no flavor with its facts, or no state. */
  own({ flavor = '', state = '' }: Labels): ServerKind | RefusalReason {
    const known = this.#known.get(`${flavor}\0${state}`);
    const reason = known === undefined ? whyRefused(flavor, state) : undefined;
    if (reason !== undefined) return reason;
    this.#bytes += BYTES_OF_CHARACTER * (flavor.length + state.length);
    return known ?? this.#add(flavor, state);
  }

  #add(ofFlavor: string, ofState: string): ServerKind {
    // Copies: a part of the body would keep the whole body in memory.
    const flavor = Buffer.from(ofFlavor).toString();
    const state = Buffer.from(ofState).toString();
    const kind = { flavor, state };
    this.#known.set(`${flavor}\0${state}`, kind);
    this.#bytes += BYTES_OF_KIND + BYTES_OF_CHARACTER * (flavor.length + state.length);
    return kind;
  }
}

function whyRefused(flavor: string, state: string): RefusalReason | undefined {
  if (flavorOfLabel(flavor) === undefined) return 'no flavor with its facts';
  return STATE.test(state) ? undefined : 'no state of servers';
}
