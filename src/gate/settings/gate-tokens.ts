import type { BlockList } from 'node:net';
import { SelectorError } from '../../prometheus/selectors/selectors.ts';
import { SERVER_SELECTORS, USAGE_SELECTORS } from '../../prometheus/usage-metrics.ts';
import { UserError } from '../../runtime/user-error.ts';
import type { ClientCertificate } from '../tokens/client-certificate.ts';
import {
  labelHash,
  type LabelRewriting,
  PROJECT_ID,
  PROJECT_NAME,
  readHashKey,
} from '../answers/label-rewriting.ts';
import { DEFAULT_LIMITS, type TokenLimits } from '../tokens/limits.ts';
import { givesServerHours, parsePolicy, type Policy } from '../policy.ts';
import type { GateConfig } from './config.ts';
import { bareToken, readTokenFile } from '../tokens/token-file.ts';
import type { TokenTable } from '../tokens/token-table.ts';
import type { Token } from '../tokens/tokens.ts';

/** A token with its policy, limits and bindings. */
export interface GateToken extends Token {
  policy: Policy;
  /** Undefined where labels are not rewritten. */
  rewriting?: LabelRewriting | undefined;
  limits: TokenLimits;
  /** The addresses from which the token is valid; undefined for all addresses. */
  addresses?: BlockList | undefined;
  certificate?: ClientCertificate | undefined;
}

/** Reads the tokens of the configuration, of the token file and of the environment. Throws `UserError`. */
export function readTokens(config: GateConfig): GateToken[] {
  const policy = policyOf(config, 'selectors');
  const plain = [
    ...(config.tokenFile === undefined ? [] : readTokenFile(config.tokenFile)),
    ...(config.authToken === undefined ? [] : [bareToken('environment', config.authToken)]),
  ];
  return [
    ...(config.tokens ?? []).map((table) => tokenOf(table, config)),
    ...plain.map((token) => ({ ...token, policy, limits: DEFAULT_LIMITS })),
  ];
}

function tokenOf(table: TokenTable, config: GateConfig): GateToken {
  const { name, hash, expiresMs, addresses, certificate, dropLabels, hashLabels } = table;
  if (certificate && config.tls?.clientCaFile === undefined)
    throw new UserError(
      `token '${name}': it is bound to a client certificate; give --tls-client-ca FILE with the CA that signed it`,
    );
  const policy = policyOf(sharesOf(table, config), `token '${name}': selectors`, [
    ...dropLabels,
    ...hashLabels,
  ]);
  const distinguishing = dropLabels.find((label) => label === 'flavor' || label === 'state');
  if (distinguishing !== undefined && givesServerHours(policy))
    throw new UserError(
      `token '${name}': drop_labels must not name ${distinguishing}, which distinguishes series of server hours`,
    );
  return {
    name,
    hash,
    expiresMs,
    addresses,
    certificate,
    limits: { ...DEFAULT_LIMITS, ...table.limits },
    policy,
    rewriting: rewritingOf(table, config.hashKeyFile),
  };
}

/** The selectors of a token. `server_hours` of the file is for tokens without selectors of their own. */
function sharesOf({ selectors, serverHours }: TokenTable, config: GateConfig): Shares {
  return {
    selectors: selectors ?? config.selectors,
    serverHours: serverHours ?? (selectors === undefined && config.serverHours),
  };
}

function rewritingOf(
  { name, dropLabels, hashLabels }: TokenTable,
  hashKeyFile: string | undefined,
): LabelRewriting | undefined {
  if (dropLabels.length + hashLabels.length === 0) return undefined;
  if (dropLabels.includes(PROJECT_ID))
    throw new UserError(
      `token '${name}': drop_labels must not name ${PROJECT_ID}, which distinguishes series: name it in hash_labels`,
    );
  if (hashLabels.length > 0 && hashKeyFile === undefined)
    throw new UserError(
      `token '${name}': hash_labels needs --hash-key-file FILE: without a secret key, hashed names could be guessed`,
    );
  if (dropLabels.includes(PROJECT_NAME) && hashKeyFile === undefined)
    throw new UserError(
      `token '${name}': drop_labels with ${PROJECT_NAME} needs --hash-key-file FILE: the gate hashes the names in the ids of a pool's parts`,
    );
  const hash = labelHash(hashKeyFile === undefined ? '' : readHashKey(hashKeyFile));
  return { dropped: new Set(dropLabels), hashed: new Set(hashLabels), hash };
}

type Shares = Pick<GateConfig, 'selectors' | 'serverHours'>;

/** The policy of the selectors; without selectors, usage only. Server hours are added on request. Throws `UserError`. */
export function policyOf(
  { selectors = USAGE_SELECTORS, serverHours = false }: Shares,
  where: string,
  hidden: readonly string[] = [],
): Policy {
  try {
    return parsePolicy([...selectors, ...(serverHours ? SERVER_SELECTORS : [])], hidden);
  } catch (error) {
    if (error instanceof SelectorError) throw new UserError(`${where}: ${error.message}`, { cause: error });
    throw error;
  }
}
