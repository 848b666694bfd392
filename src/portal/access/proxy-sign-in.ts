import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../runtime/clock.ts';
import { includesAddress, parseAddresses } from '../../runtime/http/client-addresses.ts';
import type { Asker } from './asker.ts';
import type { People } from './people.ts';
import type { Claims } from './rights/claim-rules.ts';

/** A proxy in front signs people in, and says in headers who asks. */
export interface ProxySignIn {
  /** In small letters. */
  userHeader: string;
  groupsHeader: string | undefined;
  issuer: string;
}

/** The claims of a person are written at most once a minute. */
const NOTE_AFTER_MS = 60_000;
const MOST_NOTED = 10_000;

/** The people whom a proxy signs in. Its headers count only on connections from trusted addresses. */
export class ProxyPeople {
  readonly #people: People;
  readonly #clock: Clock;
  readonly #noted = new Map<string, { said: string; atMs: number }>();

  constructor(people: People, clock: Clock) {
    this.#people = people;
    this.#clock = clock;
  }

  async askerOf(
    { headers, socket }: IncomingMessage,
    { userHeader, groupsHeader, issuer }: ProxySignIn,
    trusted: readonly string[],
  ): Promise<Asker | undefined> {
    const list = parseAddresses(trusted);
    if (list === undefined || !includesAddress(list, socket.remoteAddress)) return undefined;
    const user = headers[userHeader];
    if (typeof user !== 'string' || user === '') return undefined;
    const said = groupsHeader === undefined ? undefined : headers[groupsHeader];
    const groups = String(said ?? '')
      .split(',')
      .map((group) => group.trim());
    const claims = { groups: groups.filter((group) => group !== '') };
    const person = await this.#personOf(issuer, user, claims);
    const rights = await this.#people.rightsOf(person, [{ iss: issuer, claims }]);
    return { who: `person ${person}`, by: 'proxy', rights, person };
  }

  async #personOf(iss: string, sub: string, claims: Claims): Promise<string> {
    const [key, said, atMs] = [JSON.stringify([iss, sub]), JSON.stringify(claims), this.#clock.nowMs()];
    const noted = this.#noted.get(key);
    const isNoted = noted?.said === said && atMs - noted.atMs < NOTE_AFTER_MS;
    // An invitation or an erasure counts at once.
    const known = isNoted ? await this.#people.personOf({ iss, sub }) : undefined;
    if (known !== undefined) return known;
    const person = await this.#people.keep({ iss, sub }, claims);
    if (this.#noted.size >= MOST_NOTED) this.#noted.clear();
    this.#noted.set(key, { said, atMs });
    return person;
  }
}
