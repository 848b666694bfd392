import { describe, expect, it } from 'vitest';
import { authRequest } from '../session/auth-request.ts';
import { readCredentials } from './credentials.ts';

const password = {
  OS_AUTH_URL: 'http://keystone:5000/v3',
  OS_USERNAME: 'admin',
  OS_PASSWORD: 'secret',
  OS_PROJECT_NAME: 'demo',
};

/** The body of a sign-in with these variables. */
function signIn(env: Record<string, string>): unknown {
  return authRequest(readCredentials(env).identity);
}

describe('a sign-in by password', () => {
  it('has user and project with their domains, or with the default domain', () => {
    expect(signIn({ ...password, OS_USER_DOMAIN_NAME: 'Users' })).toEqual({
      auth: {
        identity: {
          methods: ['password'],
          password: { user: { name: 'admin', domain: { name: 'Users' }, password: 'secret' } },
        },
        scope: { project: { name: 'demo', domain: { id: 'default' } } },
      },
    });
  });

  it('needs no domains if user and project are given by id', () => {
    expect(signIn({ ...password, OS_USER_ID: 'u1', OS_PROJECT_ID: 'p1' })).toEqual({
      auth: {
        identity: { methods: ['password'], password: { user: { id: 'u1', password: 'secret' } } },
        scope: { project: { id: 'p1' } },
      },
    });
  });
});

describe('a sign-in by application credential', () => {
  const secret = {
    OS_AUTH_URL: 'http://keystone:5000',
    OS_APPLICATION_CREDENTIAL_SECRET: 'secret',
  };

  it('needs only id and secret', () => {
    expect(signIn({ ...secret, OS_APPLICATION_CREDENTIAL_ID: 'a1' })).toEqual({
      auth: {
        identity: {
          methods: ['application_credential'],
          application_credential: { id: 'a1', secret: 'secret' },
        },
      },
    });
  });

  it('needs the user if it is given by name', () => {
    expect(signIn({ ...secret, OS_APPLICATION_CREDENTIAL_NAME: 'meter', OS_USERNAME: 'admin' })).toEqual({
      auth: {
        identity: {
          methods: ['application_credential'],
          application_credential: {
            name: 'meter',
            user: { name: 'admin', domain: { id: 'default' } },
            secret: 'secret',
          },
        },
      },
    });
  });
});

describe('the address of Keystone', () => {
  it.each([
    ['http://keystone:5000', 'http://keystone:5000/v3'],
    ['http://keystone:5000/', 'http://keystone:5000/v3'],
    ['http://keystone:5000/v3', 'http://keystone:5000/v3'],
    ['https://cloud.example/identity/v3/', 'https://cloud.example/identity/v3'],
    ['https://cloud.example/identity', 'https://cloud.example/identity/v3'],
    ['https://cloud.example/identity/v2.0', 'https://cloud.example/identity/v3'],
  ])('%s becomes the address of version 3', (given, expected) => {
    expect(readCredentials({ ...password, OS_AUTH_URL: given }).authUrl.href).toBe(expected);
  });

  it('must be an address', () => {
    expect(() => readCredentials({ ...password, OS_AUTH_URL: 'keystone:5000' })).toThrow(
      "OS_AUTH_URL: 'keystone:5000' is not an http or https address",
    );
  });

  it('must not have a user, and a message shows no password', () => {
    const attempt = () => readCredentials({ ...password, OS_AUTH_URL: 'http://me:hidden@keystone:5000/v3' });
    expect(attempt).toThrow("OS_AUTH_URL: 'http://***@keystone:5000/v3' contains a user name");
    expect(attempt).not.toThrow('hidden');
  });
});

describe('a missing variable', () => {
  it.each(['OS_AUTH_URL', 'OS_USERNAME', 'OS_PASSWORD', 'OS_PROJECT_NAME'])('is named: %s', (name) => {
    expect(() => readCredentials({ ...password, [name]: '' })).toThrow(`${name} is not set`);
  });

  it('may be the secret of an application credential', () => {
    expect(() => readCredentials({ ...password, OS_APPLICATION_CREDENTIAL_ID: 'a1' })).toThrow(
      'OS_APPLICATION_CREDENTIAL_SECRET is not set',
    );
  });
});

describe('the interface', () => {
  it('is public by default, and may have its name of Keystone v2', () => {
    expect(readCredentials(password).interfaces).toEqual(['public']);
    expect(readCredentials({ ...password, OS_ENDPOINT_TYPE: 'internalURL' }).interfaces).toEqual([
      'internal',
    ]);
    expect(() => readCredentials({ ...password, OS_INTERFACE: 'secret' })).toThrow(
      "OS_INTERFACE: 'secret' is none of public, internal, admin",
    );
  });

  it('is reported under the name of the variable that is set', () => {
    expect(() => readCredentials({ ...password, OS_ENDPOINT_TYPE: 'secret' })).toThrow(
      "OS_ENDPOINT_TYPE: 'secret' is none of public, internal, admin",
    );
    expect(() => readCredentials({ ...password, OS_VOLUMEV3_ENDPOINT_TYPE: 'secret' })).toThrow(
      "OS_VOLUMEV3_ENDPOINT_TYPE: 'secret' is none of",
    );
  });
});

describe('an endpoint override', () => {
  it('is reported under the name of the variable that is set', () => {
    expect(() => readCredentials({ ...password, OS_VOLUMEV3_ENDPOINT_OVERRIDE: 'cinder:8776' })).toThrow(
      "OS_VOLUMEV3_ENDPOINT_OVERRIDE: 'cinder:8776' is not an http or https address",
    );
  });
});

describe('system scope', () => {
  const { OS_PROJECT_NAME, ...unscoped } = password;

  it('replaces a project', () => {
    const { identity } = readCredentials({ ...unscoped, OS_SYSTEM_SCOPE: 'all' });
    expect(authRequest(identity)).toMatchObject({ auth: { scope: { system: { all: true } } } });
  });

  it.each([
    [{ OS_PROJECT_NAME }, 'OS_SYSTEM_SCOPE and OS_PROJECT_NAME cannot both be set: remove one'],
    [{ OS_TENANT_NAME: 'demo' }, 'OS_SYSTEM_SCOPE and OS_TENANT_NAME cannot both be set: remove one'],
    [{ OS_SYSTEM_SCOPE: 'some' }, "OS_SYSTEM_SCOPE: 'some' is not 'all'"],
  ])('must be "all", and excludes a project: %j', (more, message) => {
    expect(() => readCredentials({ ...unscoped, OS_SYSTEM_SCOPE: 'all', ...more })).toThrow(message);
  });
});

describe('one domain for both', () => {
  it('is used for a domain that is not given', () => {
    const { identity } = readCredentials({
      ...password,
      OS_DOMAIN_NAME: 'research',
      OS_USER_DOMAIN_NAME: 'people',
    });
    expect(identity).toMatchObject({
      user: { domain: { name: 'people' } },
      project: { domain: { name: 'research' } },
    });
  });

  it('may be a default: by name, or by the id that the openstack command takes', () => {
    const domainOf = (more: Record<string, string>) => readCredentials({ ...password, ...more }).identity;
    const both = (domain: object) => ({ user: { domain }, project: { domain } });
    expect(domainOf({ OS_DEFAULT_DOMAIN: '4f1a' })).toMatchObject(both({ id: '4f1a' }));
    expect(domainOf({ OS_DEFAULT_DOMAIN_NAME: 'research' })).toMatchObject(both({ name: 'research' }));
    expect(domainOf({})).toMatchObject(both({ id: 'default' }));
  });
});
