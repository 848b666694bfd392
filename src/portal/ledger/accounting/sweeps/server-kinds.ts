import { flavorOfLabel } from '../../../../prometheus/flavor-facts.ts';
import type { Labels } from '../../../../prometheus/sample.ts';
import type { ServerKind } from '../../server-kind.ts';
import type { RefusalReason } from './refusals.ts';

/** The memory of a kind beside its text, estimated. */
const BYTES_OF_KIND = 250;

/** Nova's states are short words. */
const STATE = /^[\w.-]{1,64}$/;

/** Keeps one object for each flavor and state: there are few of them, and many readings. */
export class ServerKinds {
  readonly #known = new Map<string, ServerKind>();
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** Undefined if the labels tell no flavor with its facts, or no state. */
  own(labels: Labels): ServerKind | undefined {
    const { flavor = '', state = '' } = labels;
    const known = this.#known.get(`${flavor}\0${state}`);
    if (known !== undefined || whyNoServerKind(labels) !== undefined) return known;
    // Copies: a part of the body would keep the whole body in memory.
    const kind = { flavor: Buffer.from(flavor).toString(), state: Buffer.from(state).toString() };
    this.#known.set(`${kind.flavor}\0${kind.state}`, kind);
    this.#bytes += BYTES_OF_KIND + 2 * (flavor.length + state.length);
    return kind;
  }
}

export function whyNoServerKind({ flavor = '', state = '' }: Labels): RefusalReason | undefined {
  if (flavorOfLabel(flavor) === undefined) return 'no flavor with its facts';
  return STATE.test(state) ? undefined : 'no state of servers';
}
