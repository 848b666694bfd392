import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { authRequest } from '../session/auth-request.ts';
import type { Credentials } from './credentials.ts';
import { loadCredentials } from './openrc.ts';

const path = (name: string) => fileURLToPath(new URL(`sdk-clouds/${name}`, import.meta.url));
const expected = JSON.parse(readFileSync(path('expected.json'), 'utf8')) as Record<string, unknown>;
const env = {
  OS_CLIENT_CONFIG_FILE: path('clouds.yaml'),
  OS_CLIENT_SECURE_FILE: path('secure.yaml'),
  OS_CLIENT_VENDOR_FILE: path('clouds-public.yaml'),
};
const SERVICES = ['compute', 'volume', 'network', 'object-store'] as const;

/** In the form that sdk-clouds/record.py writes. */
function meaning(credentials: Credentials) {
  const { authUrl, identity, region, interfaces, choices, endpoints, caFile, clientCertificate } =
    credentials;
  const ofServices = (value: (service: (typeof SERVICES)[number]) => unknown) =>
    Object.fromEntries(SERVICES.map((service) => [service, value(service) ?? null]));
  return {
    signIn: { url: `${authUrl.href}/auth/tokens`, body: authRequest(identity) },
    interfaces: ofServices((service) => choices[service]?.interfaces ?? interfaces),
    regions: ofServices((service) => choices[service]?.region ?? region),
    endpoints: ofServices((service) => endpoints[service]),
    certificates: [caFile, clientCertificate?.certFile, clientCertificate?.keyFile].map(
      (file) => file ?? null,
    ),
  };
}

describe('a cloud of clouds.yaml has the same meaning as in the OpenStack SDK', () => {
  it.each(Object.entries(expected))('%s', (cloud, meant) => {
    const [name = '', region] = cloud.split(' of ');
    const choice = region === undefined ? {} : { OS_REGION_NAME: region };
    expect(meaning(loadCredentials({ ...env, ...choice }, undefined, name))).toEqual(meant);
  });
});
