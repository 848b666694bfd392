import { expect, it } from 'vitest';
import { databaseAdvice, withAdvice } from './database-advice.ts';

const failure = (code: string) => Object.assign(new Error('permission denied for database x'), { code });

it.each([
  ['42501', /may not create a schema/],
  ['25006', /read-only/],
  ['57014', /statement_timeout/],
  ['53300', /max_connections/],
  ['SELF_SIGNED_CERT_IN_CHAIN', /sslrootcert=.*NODE_EXTRA_CA_CERTS/],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', /sslrootcert/],
])('gives advice for a database that fails with %s', (code, advice) => {
  expect(databaseAdvice(failure(code))).toMatch(advice);
});

it('leaves an unknown error as it is', () => {
  const unknown = failure('XX000');
  expect(withAdvice(unknown)).toBe(unknown);
  expect(withAdvice(failure('42501'))).toMatchObject({
    name: 'UserError',
    message: expect.stringMatching(
      /^cannot use the database: permission denied for database x: the role may not/,
    ) as string,
  });
});
