import type { ListenAddress } from '../../runtime/http/listen.ts';
import type { TlsFiles } from '../listener/tls.ts';
import type { TokenTable } from '../tokens/token-table.ts';

/** The configuration of a gate. It is read at the start, and again on a reload. */
export interface GateConfig {
  listen: ListenAddress;
  /** The site's Prometheus, or the exporter where the site has no Prometheus. */
  source: { kind: 'prometheus' | 'exporter'; url: URL };
  /** At least one of `tokens`, `tokenFile` and `authToken` is set. */
  tokens?: readonly TokenTable[] | undefined;
  tokenFile?: string | undefined;
  /** Secret: one token in plain text. */
  authToken?: string | undefined;
  /** Undefined for plain HTTP. */
  tls?: TlsFiles | undefined;
  /** Serve with a certificate that the gate makes itself, for tests. */
  selfSigned?: boolean;
  /** Allow plain HTTP on addresses other than loopback. */
  unsafePlainHttp?: boolean;
  /** The address of the gate's own metrics; undefined to serve none. */
  metricsListen?: ListenAddress | undefined;
  /** Allow the metrics on addresses other than loopback. */
  unsafeMetricsOffLoopback?: boolean;
  /** The most open connections from one address. */
  connectionsPerAddress?: number | undefined;
  /** Pass answers without checking them. */
  unsafeUncheckedAnswers?: boolean;
  /** The file with the secret key of hashed labels. */
  hashKeyFile?: string | undefined;
  /** The TOML file of this configuration; the gate watches it for changes. */
  configFile?: string | undefined;
  /** The series that may leave the site; undefined for usage only. */
  selectors?: readonly string[] | undefined;
  /** Whether server hours may leave the site too (rule G5). */
  serverHours?: boolean | undefined;
  /** Only check whether the gate could serve. */
  check?: boolean;
}
