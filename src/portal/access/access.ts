import type { Logger } from '../../runtime/logger.ts';
import { AccessUpkeep } from './access-upkeep.ts';
import { Audit } from './audit.ts';
import { People, type PeopleParts } from './people.ts';
import { Sessions } from './sessions.ts';
import { Tokens } from './tokens.ts';

/** Who signs in, by which sessions and tokens, and the record of what they do. All of it is in the database. */
export class Access {
  readonly people: People;
  readonly tokens: Tokens;
  readonly sessions: Sessions;
  readonly audit: Audit;
  readonly upkeep: AccessUpkeep;

  constructor(parts: PeopleParts & { logger: Logger }) {
    this.people = new People(parts);
    this.tokens = new Tokens(parts, this.people);
    this.sessions = new Sessions(parts, this.people, this.tokens);
    this.audit = new Audit(parts);
    this.upkeep = new AccessUpkeep(parts);
  }
}
