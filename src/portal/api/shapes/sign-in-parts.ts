import type { Access } from '../../access/access.ts';
import type { Attempts } from '../../access/attempts.ts';
import type { SignIns } from '../../access/oidc/sign-ins.ts';
import type { ProxyPeople } from '../../access/proxy-sign-in.ts';
import type { AccessConfig } from '../../settings/access-settings.ts';

/** The parts of the portal that know who asks. */
export interface SignInParts {
  access: Access;
  signIns: SignIns;
  proxyPeople: ProxyPeople;
  /** Bound the sign-ins and the wrong tokens of each address, apart: a program with an old token locks out no browser. */
  attempts: Attempts;
  wrongTokens: Attempts;
  /** Returns the present configuration: a reload may change it. */
  config: () => AccessConfig;
  /** The URL under which people reach the portal, without a slash at its end. */
  baseUrl: () => string;
}
