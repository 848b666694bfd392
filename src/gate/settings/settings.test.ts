import { describe, expect, it } from 'vitest';
import { SERVER_SELECTORS, USAGE_SELECTORS } from '../../prometheus/usage-metrics.ts';
import type { TokenTable } from '../tokens/token-table.ts';
import type { GateConfig } from './config.ts';
import { policyOf, readTokens } from './gate-tokens.ts';
import { checkGateConfig, readGateConfig } from './settings.ts';

const read = (flags: Record<string, unknown>, env: Record<string, string> = {}) =>
  readGateConfig({ flags, env: { PORTAL_AUTH_TOKEN: 'swordfish-swordfish', ...env } });

const exporter = 'http://127.0.0.1:8080';
const tokenTable: TokenTable = {
  name: 'a',
  hash: Buffer.alloc(32),
  expiresMs: undefined,
  selectors: undefined,
  dropLabels: [],
  hashLabels: [],
  limits: {},
  addresses: undefined,
  certificate: undefined,
};
const loopback = { listen: '127.0.0.1:8443', exporter };

describe('the settings of the gate', () => {
  it('are read from flags, from the environment, and by the names of the earlier system', () => {
    expect(
      read({ prometheus: 'http://127.0.0.1:9090/p', tlsCert: 'c.pem' }, { STACKMETER_TLS_KEY: 'k.pem' }),
    ).toEqual({
      check: false,
      connectionsPerAddress: 64,
      listen: { host: '', port: 8443 },
      source: { kind: 'prometheus', url: new URL('http://127.0.0.1:9090/p') },
      tokenFile: undefined,
      authToken: 'swordfish-swordfish',
      tls: { certFile: 'c.pem', keyFile: 'k.pem', clientCaFile: undefined },
      unsafePlainHttp: false,
      unsafeUncheckedAnswers: false,
      selfSigned: false,
      tokens: undefined,
      metricsListen: undefined,
      unsafeMetricsOffLoopback: false,
      hashKeyFile: undefined,
      configFile: undefined,
      selectors: undefined,
      serverHours: false,
    });
  });

  it.each([
    [{ listen: '127.0.0.1:1' }, /where is the usage\?: give --prometheus URL/],
    [{ ...loopback, prometheus: exporter }, /exclude one another/],
    [{ exporter }, /^:8443 would be served without TLS: give --tls-cert and --tls-key/],
    [{ listen: '0.0.0.0:1', exporter }, /--unsafe-plain-http/],
    [
      { ...loopback, metricsListen: ':9464' },
      /^--metrics-listen: :9464 would show .* --unsafe-metrics-off-loopback$/,
    ],
    [{ ...loopback, metricsListen: '192.0.2.1:1' }, /use 127\.0\.0\.1:PORT/],
    [{ ...loopback, tlsCert: 'c.pem' }, /^--tls-key is missing/],
    [{ ...loopback, tlsKey: 'k.pem' }, /^--tls-cert is missing/],
    [{ ...loopback, exporter: '127.0.0.1:8080' }, /^--exporter: is not a URL such as/],
    [{ ...loopback, exporter: 'http://u:secret@host' }, /^--exporter: must hold neither user nor password/],
    [{ ...loopback, exporter: 'http://host/?a=b' }, /^--exporter: must end with its path/],
  ])('%j are refused', (flags, message) => {
    expect(() => read(flags)).toThrow(message);
    expect(() => read(flags)).not.toThrow(/secret|swordfish/);
  });

  it('allow plain HTTP on loopback, and on other addresses only with the unsafe flag', () => {
    expect(read(loopback).tls).toBe(undefined);
    expect(read({ listen: ':1', exporter, unsafePlainHttp: true }).unsafePlainHttp).toBe(true);
  });

  it('allow metrics on loopback, and on other addresses only with the unsafe flag', () => {
    const metricsListen = ':9464';
    expect(read({ ...loopback, metricsListen: '[::1]:9464' }).metricsListen).toEqual({
      host: '::1',
      port: 9464,
    });
    expect(read({ ...loopback, metricsListen, unsafeMetricsOffLoopback: true }).metricsListen).toEqual({
      host: '',
      port: 9464,
    });
  });

  it('refuse a gate without a token, and a token that a header cannot carry', () => {
    expect(() => readGateConfig({ flags: loopback, env: {} })).toThrow(/no token is valid/);
    for (const token of ['two words that are long', 'swordfish', 'x'.repeat(15), 'schwertfisch-größe'])
      expect(() => read(loopback, { PORTAL_AUTH_TOKEN: token })).toThrow(
        /^PORTAL_AUTH_TOKEN: is not a token/,
      );
  });

  it('allow only usage unless they name selectors', () => {
    const config = read(loopback);
    expect(policyOf(config, '')).toEqual(policyOf({ selectors: USAGE_SELECTORS }, ''));
    expect(() => checkGateConfig({ ...config, selectors: ['up', '{'] })).toThrow(
      /^selectors: \{: this is not/,
    );
    expect(() => checkGateConfig({ ...config, selectors: ['{a!="b"}'] })).toThrow(
      /so all series could leave the site/,
    );
  });

  it('add server hours for tokens without selectors, and for tokens that name them', () => {
    const table = { ...tokenTable, selectors: undefined };
    const own = { ...tokenTable, selectors: ['up'] };
    const policies = (config: Partial<GateConfig>) =>
      readTokens({ ...read(loopback), authToken: undefined, ...config }).map(({ policy }) => policy);
    const [more, one] = [
      [...USAGE_SELECTORS, ...SERVER_SELECTORS],
      ['up', ...SERVER_SELECTORS],
    ];
    const byEnvironment = (value: string) => read(loopback, { STACKMETER_SERVER_HOURS: value }).serverHours;
    expect(read({ ...loopback, serverHours: true }).serverHours).toBe(true);
    expect([byEnvironment('true'), byEnvironment('false')]).toEqual([true, false]);
    expect(
      policies({
        serverHours: true,
        tokens: [table, { ...table, serverHours: false }, own, { ...own, serverHours: true }],
      }),
    ).toEqual([more, USAGE_SELECTORS, ['up'], one].map((selectors) => policyOf({ selectors }, '')));
    expect(policies({ tokens: [table, { ...table, serverHours: true }] })).toEqual(
      [USAGE_SELECTORS, more].map((selectors) => policyOf({ selectors }, '')),
    );
    expect(policies({ serverHours: true, authToken: 'swordfish-swordfish' })).toEqual([
      policyOf({ selectors: more }, ''),
    ]);
  });

  it.each(['flavor', 'state'])('refuse to drop the label %s of server hours', (label) => {
    const dropping = (more: Partial<TokenTable>) => () =>
      readTokens({ ...read(loopback), tokens: [{ ...tokenTable, dropLabels: [label], ...more }] });
    expect(dropping({})).not.toThrow();
    const problem = `token 'a': drop_labels must not name ${label}, which distinguishes series of server hours`;
    expect(dropping({ serverHours: true })).toThrow(problem);
    expect(dropping({ selectors: ['project_server_usage'] })).toThrow(problem);
  });
});
