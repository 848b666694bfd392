import { z } from 'zod';
import { SelectorError } from '../prometheus/selectors.ts';
import { USAGE_SELECTORS } from '../prometheus/usage-metrics.ts';
import { formatAddress, isLoopback, parseListenAddress, type ListenAddress } from '../runtime/listen.ts';
import { readSettings, setting, type SettingsSources } from '../runtime/settings.ts';
import { UserError } from '../runtime/user-error.ts';
import { parsePolicy, type Policy } from './policy.ts';
import { TOKEN_PATTERN } from './token-file.ts';
import type { TlsFiles } from './tls.ts';

export interface GateConfig {
  listen: ListenAddress;
  /** Where usage comes from: a Prometheus, or an exporter where the site has none. */
  source: { kind: 'prometheus' | 'exporter'; url: URL };
  /** At least one of `tokenFile` and `authToken`. */
  tokenFile?: string | undefined;
  /** Secret: one token as it is. */
  authToken?: string | undefined;
  /** Plain HTTP where it is undefined. */
  tls?: TlsFiles | undefined;
  /** Plain HTTP on other addresses than loopback. */
  unsafePlainHttp?: boolean;
  /** What may leave the site; usage alone where it is undefined. */
  selectors?: readonly string[] | undefined;
}

export const gateSettings = {
  listen: setting({
    type: 'text',
    schema: z.string().default(':8443').transform(parseListenAddress),
    value: 'HOST:PORT',
    help: 'address of the gate (default :8443)',
  }),
  prometheus: setting({
    type: 'text',
    schema: sourceUrl(),
    value: 'URL',
    help: "the site's Prometheus, such as http://127.0.0.1:9090",
  }),
  exporter: setting({
    type: 'text',
    schema: sourceUrl(),
    value: 'URL',
    help: 'the exporter itself, where the site has no Prometheus, such as http://127.0.0.1:8080',
  }),
  tokenFile: setting({
    type: 'text',
    schema: path(),
    value: 'FILE',
    help: "the tokens that are valid: lines that 'stackmeter token' prints",
  }),
  authToken: setting({
    type: 'text',
    schema: z
      .string()
      .regex(TOKEN_PATTERN, 'has a character that no token can have; make one with: stackmeter token')
      .optional(),
    help: 'one more token that is valid',
    earlierNames: ['PORTAL_AUTH_TOKEN'],
    secret: true,
  }),
  tlsCert: setting({ type: 'text', schema: path(), value: 'FILE', help: 'certificate chain (PEM)' }),
  tlsKey: setting({ type: 'text', schema: path(), value: 'FILE', help: 'key of the certificate (PEM)' }),
  unsafePlainHttp: setting({
    type: 'switch',
    schema: z.boolean('is neither true nor false').default(false),
    help: 'serve without TLS on an address that others reach: tokens and usage can be read on the way',
  }),
};

/** Keys that only a file can hold. */
export const gateSections = {
  selectors: z.array(z.string('is not a list of selectors'), 'is not a list of selectors').optional(),
};

function path() {
  return z.string('is not text').min(1, 'is empty; name a file').optional();
}

function sourceUrl() {
  return z
    .url({ protocol: /^https?$/, error: 'is not a URL such as http://127.0.0.1:9090' })
    .transform((text) => new URL(text))
    .refine((url) => url.username === '' && url.password === '', 'must hold neither user nor password')
    .refine((url) => url.search === '' && url.hash === '', 'must end with its path')
    .optional();
}

/** Reads the gate's settings once. Throws `UserError`. */
export function readGateConfig(sources: SettingsSources): GateConfig {
  const { settings, sections } = readSettings(gateSettings, sources, gateSections);
  const config: GateConfig = {
    listen: settings.listen,
    source: onlySource(settings.prometheus, settings.exporter),
    tokenFile: settings.tokenFile,
    authToken: settings.authToken,
    tls: bothTlsFiles(settings.tlsCert, settings.tlsKey),
    unsafePlainHttp: settings.unsafePlainHttp,
    selectors: sections.selectors,
  };
  checkGateConfig(config);
  return config;
}

function onlySource(prometheus: URL | undefined, exporter: URL | undefined): GateConfig['source'] {
  if (prometheus && !exporter) return { kind: 'prometheus', url: prometheus };
  if (exporter && !prometheus) return { kind: 'exporter', url: exporter };
  throw new UserError(
    `${prometheus ? '--prometheus and --exporter exclude one another' : 'where is the usage?'}: ` +
      `give --prometheus URL, or --exporter URL where the site has no Prometheus`,
  );
}

function bothTlsFiles(certFile: string | undefined, keyFile: string | undefined): TlsFiles | undefined {
  if (certFile !== undefined && keyFile !== undefined) return { certFile, keyFile };
  if (certFile === undefined && keyFile === undefined) return undefined;
  throw new UserError(
    `--tls-${certFile === undefined ? 'cert' : 'key'} is missing: a certificate needs its key, and a key its certificate`,
  );
}

/** Throws `UserError` for what must not be served, whoever made the configuration. */
export function checkGateConfig(config: GateConfig): void {
  if (config.tokenFile === undefined && config.authToken === undefined)
    throw new UserError(
      "no token is valid: give --token-file FILE with a line that 'stackmeter token' prints, or PORTAL_AUTH_TOKEN",
    );
  if (!config.tls && !config.unsafePlainHttp && !isLoopback(config.listen.host))
    throw new UserError(
      `${formatAddress(config.listen)} would be served without TLS: give --tls-cert and --tls-key, ` +
        `listen on 127.0.0.1 behind a TLS proxy, or name the danger with --unsafe-plain-http`,
    );
  policyOf(config);
}

/** The policy of a configuration: usage alone where it names no selectors. Throws `UserError`. */
export function policyOf({ selectors }: GateConfig): Policy {
  try {
    return parsePolicy(selectors ?? USAGE_SELECTORS);
  } catch (error) {
    if (error instanceof SelectorError) throw new UserError(`selectors: ${error.message}`, { cause: error });
    throw error;
  }
}
