import type { BlockList } from 'node:net';
import { SelectorError } from '../../prometheus/selectors/selectors.ts';
import { USAGE_SELECTORS } from '../../prometheus/usage-metrics.ts';
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
import { parsePolicy, type Policy } from '../policy.ts';
import type { GateConfig } from './config.ts';
import { bareToken, readTokenFile } from '../tokens/token-file.ts';
import type { TokenTable } from '../tokens/token-table.ts';
import type { Token } from '../tokens/tokens.ts';

/** A token, and all that it stands for. */
export interface GateToken extends Token {
  policy: Policy;
  /** Undefined where answers leave as they are. */
  rewriting?: LabelRewriting | undefined;
  limits: TokenLimits;
  /** From where the token is taken; from everywhere where it is undefined. */
  addresses?: BlockList | undefined;
  certificate?: ClientCertificate | undefined;
}

/** The tokens of the configuration, of the token file and of the environment, read anew. Throws `UserError`. */
export function readTokens(config: GateConfig): GateToken[] {
  const policy = policyOf(config.selectors, 'selectors');
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
      `token '${name}': it is bound to a certificate, and --tls-client-ca names none that could stand for it`,
    );
  return {
    name,
    hash,
    expiresMs,
    addresses,
    certificate,
    limits: { ...DEFAULT_LIMITS, ...table.limits },
    policy: policyOf(table.selectors ?? config.selectors, `token '${name}': selectors`, [
      ...dropLabels,
      ...hashLabels,
    ]),
    rewriting: rewritingOf(table, config.hashKeyFile),
  };
}

function rewritingOf(
  { name, dropLabels, hashLabels }: TokenTable,
  hashKeyFile: string | undefined,
): LabelRewriting | undefined {
  if (dropLabels.length + hashLabels.length === 0) return undefined;
  if (dropLabels.includes(PROJECT_ID))
    throw new UserError(
      `token '${name}': drop_labels must leave ${PROJECT_ID}, which tells series apart: take hash_labels for it`,
    );
  if (hashLabels.length > 0 && hashKeyFile === undefined)
    throw new UserError(
      `token '${name}': hash_labels needs --hash-key-file FILE: without a secret key names could be guessed`,
    );
  if (dropLabels.includes(PROJECT_NAME) && hashKeyFile === undefined)
    throw new UserError(
      `token '${name}': to drop ${PROJECT_NAME} needs --hash-key-file FILE: ids of a pool's parts hold names too, which leave as hashes`,
    );
  const hash = labelHash(hashKeyFile === undefined ? '' : readHashKey(hashKeyFile));
  return { dropped: new Set(dropLabels), hashed: new Set(hashLabels), hash };
}

/** Usage alone where no selectors are named. Throws `UserError`. */
export function policyOf(
  selectors: readonly string[] | undefined,
  where: string,
  hidden: readonly string[] = [],
): Policy {
  try {
    return parsePolicy(selectors ?? USAGE_SELECTORS, hidden);
  } catch (error) {
    if (error instanceof SelectorError) throw new UserError(`${where}: ${error.message}`, { cause: error });
    throw error;
  }
}
