import type { ListenAddress } from '../../runtime/http/listen.ts';
import type { TlsFiles } from '../listener/tls.ts';
import type { TokenTable } from '../tokens/token-table.ts';

/** What a gate is made from; read once, and again on reload. */
export interface GateConfig {
  listen: ListenAddress;
  /** Where usage comes from: a Prometheus, or an exporter where the site has none. */
  source: { kind: 'prometheus' | 'exporter'; url: URL };
  /** At least one of `tokens`, `tokenFile` and `authToken`. */
  tokens?: readonly TokenTable[] | undefined;
  tokenFile?: string | undefined;
  /** Secret: one token as it is. */
  authToken?: string | undefined;
  /** Plain HTTP where it is undefined. */
  tls?: TlsFiles | undefined;
  /** A certificate of its own making, for tests. */
  selfSigned?: boolean;
  /** Plain HTTP on other addresses than loopback. */
  unsafePlainHttp?: boolean;
  /** Where the gate's own metrics are served; nowhere where it is undefined. */
  metricsListen?: ListenAddress | undefined;
  /** The metrics on other addresses than loopback. */
  unsafeMetricsOffLoopback?: boolean;
  /** Open connections from one address. */
  connectionsPerAddress?: number | undefined;
  /** Answers pass unopened. */
  unsafeUncheckedAnswers?: boolean;
  /** Secret key of hashed labels. */
  hashKeyFile?: string | undefined;
  /** The TOML file that all this comes from, to be watched. */
  configFile?: string | undefined;
  /** What may leave the site; usage alone where it is undefined. */
  selectors?: readonly string[] | undefined;
}
