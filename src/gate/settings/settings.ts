import { z } from 'zod';
import { formatAddress, isLoopback, parseListenAddress } from '../../runtime/http/listen.ts';
import { readSettings, setting, type SettingsSources } from '../../runtime/settings/settings.ts';
import { UserError } from '../../runtime/user-error.ts';
import type { GateConfig } from './config.ts';
import { DEFAULT_CONNECTIONS_PER_ADDRESS, MAX_CONNECTIONS } from '../listener/connections.ts';
import { policyOf } from './gate-tokens.ts';
import { TOKEN_PATTERN } from '../tokens/token-file.ts';
import type { TlsFiles } from '../listener/tls.ts';
import { tokenTable } from '../tokens/token-table.ts';

export const gateSettings = {
  listen: setting({
    type: 'text',
    schema: z.string().default(':8443').transform(parseListenAddress),
    value: 'HOST:PORT',
    help: 'address of the gate; :8443 is for all addresses',
  }),
  prometheus: sourceSetting("the site's Prometheus, such as http://127.0.0.1:9090"),
  exporter: sourceSetting('the exporter, if the site has no Prometheus, such as http://127.0.0.1:8080'),
  tokenFile: fileSetting("file of valid tokens: lines that 'stackmeter token' prints"),
  authToken: setting({
    type: 'text',
    schema: z
      .string()
      .regex(
        TOKEN_PATTERN,
        'is not a token: it needs at least 16 ASCII characters without spaces; make one with: stackmeter token',
      )
      .optional(),
    help: 'one more valid token',
    earlierNames: ['PORTAL_AUTH_TOKEN'],
    secret: true,
  }),
  tlsCert: fileSetting('certificate chain (PEM)'),
  tlsKey: fileSetting('key of the certificate (PEM)'),
  tlsClientCa: fileSetting(
    'certificate authority of client certificates (PEM), for tokens that are bound to a certificate',
  ),
  selfSigned: switchSetting('for tests: make a certificate, serve with it, and print its fingerprint'),
  metricsListen: setting({
    type: 'text',
    schema: z.string().transform(parseListenAddress).optional(),
    value: 'HOST:PORT',
    help: "address of the gate's own metrics, on loopback, such as 127.0.0.1:9464",
  }),
  connectionsPerAddress: setting({
    type: 'number',
    schema: z
      .int('is not a whole number')
      .min(1, 'is less than 1')
      .max(MAX_CONNECTIONS, `is more than the ${MAX_CONNECTIONS} in total`)
      .default(DEFAULT_CONNECTIONS_PER_ADDRESS),
    value: 'COUNT',
    help: 'open connections from one address; take more where all clients come through a TLS proxy',
  }),
  hashKeyFile: fileSetting('secret key of hashed labels (hash_labels of a token)'),
  serverHours: switchSetting(
    'also give out how long servers of each flavor were in each state, to tokens without selectors of their own',
  ),
  check: switchSetting('read all files, ask the source once, print what a portal would see, and end'),
  unsafeUncheckedAnswers: switchSetting(
    'pass on answers of Prometheus without checking them: faster, but without the defence behind the policy',
  ),
  unsafeMetricsOffLoopback: switchSetting(
    "serve the gate's own metrics on addresses other than loopback: anyone can then read token names and counts of denials",
  ),
  unsafePlainHttp: switchSetting(
    'serve without TLS on addresses other than loopback: tokens and usage can then be read on the network',
  ),
};

/** Keys that only the TOML file can have. */
export const gateSections = {
  selectors: z
    .array(z.string('is not a list of selectors'), 'is not a list of selectors')
    .optional()
    .describe('series that tokens without selectors of their own may read; without it, usage and its facts'),
  token: z
    .array(tokenTable, 'is not a list of [[token]] tables')
    .optional()
    .describe('one table for each token that is valid beside those of --token-file'),
};

function fileSetting(help: string) {
  const schema = z.string('is not text').min(1, 'is empty; name a file').optional();
  return setting({ type: 'text', schema, value: 'FILE', help });
}

/** A switch that is off by default. */
function switchSetting(help: string) {
  return setting({ type: 'switch', schema: z.boolean('is neither true nor false').default(false), help });
}

function sourceSetting(help: string) {
  const schema = z
    .url({ protocol: /^https?$/, error: 'is not a URL such as http://127.0.0.1:9090' })
    .transform((text) => new URL(text))
    .refine((url) => url.username === '' && url.password === '', 'must hold neither user nor password')
    .refine((url) => url.search === '' && url.hash === '', 'must end with its path')
    .optional();
  return setting({ type: 'text', schema, value: 'URL', help });
}

/** Reads the gate's settings. Throws `UserError`. */
export function readGateConfig(sources: SettingsSources): GateConfig {
  const { settings, sections } = readSettings(gateSettings, sources, gateSections);
  const config: GateConfig = {
    listen: settings.listen,
    source: onlySource(settings.prometheus, settings.exporter),
    tokenFile: settings.tokenFile,
    authToken: settings.authToken,
    tokens: sections.token,
    tls: tlsFiles(settings.tlsCert, settings.tlsKey, settings.tlsClientCa),
    selfSigned: settings.selfSigned,
    metricsListen: settings.metricsListen,
    unsafeMetricsOffLoopback: settings.unsafeMetricsOffLoopback,
    connectionsPerAddress: settings.connectionsPerAddress,
    hashKeyFile: settings.hashKeyFile,
    unsafeUncheckedAnswers: settings.unsafeUncheckedAnswers,
    unsafePlainHttp: settings.unsafePlainHttp,
    configFile: sources.configFile,
    selectors: sections.selectors,
    serverHours: settings.serverHours,
    check: settings.check,
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

function tlsFiles(
  certFile: string | undefined,
  keyFile: string | undefined,
  clientCaFile: string | undefined,
): TlsFiles | undefined {
  if (certFile !== undefined && keyFile !== undefined) return { certFile, keyFile, clientCaFile };
  if (certFile === undefined && keyFile === undefined && clientCaFile === undefined) return undefined;
  throw new UserError(
    `--tls-${certFile === undefined ? 'cert' : 'key'} is missing: a certificate needs its key, and a key its certificate`,
  );
}

/** Throws `UserError` for a configuration that must not be served. Configurations from code are checked as well. */
export function checkGateConfig(config: GateConfig): void {
  const { tokenFile, authToken, tokens, metricsListen } = config;
  if (tokenFile === undefined && authToken === undefined && (tokens ?? []).length === 0)
    throw new UserError(
      "no token is valid: accept a portal with 'stackmeter gate accept', or give --token-file FILE with a line that 'stackmeter token' prints, or PORTAL_AUTH_TOKEN",
    );
  if (config.tls && config.selfSigned)
    throw new UserError('--self-signed and --tls-cert exclude one another: leave one of them out');
  if (!config.tls && !config.selfSigned && !config.unsafePlainHttp && !isLoopback(config.listen.host))
    throw new UserError(
      `${formatAddress(config.listen)} would be served without TLS: give --tls-cert and --tls-key, ` +
        `listen on 127.0.0.1 behind a TLS proxy, or name the danger with --unsafe-plain-http`,
    );
  if (metricsListen && !isLoopback(metricsListen.host) && !config.unsafeMetricsOffLoopback)
    throw new UserError(
      `--metrics-listen: ${formatAddress(metricsListen)} would show the gate's metrics to anyone, without a token: ` +
        `use 127.0.0.1:PORT, or name the danger with --unsafe-metrics-off-loopback`,
    );
  policyOf(config, 'selectors');
}
