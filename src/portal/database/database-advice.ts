import { codeOf, describeError, UserError } from '../../runtime/user-error.ts';

/** Advice for a database that cannot be used, by the error code of PostgreSQL or of the connection. */
const ADVICE: Record<string, string> = {
  42501: 'the role may not create a schema: GRANT CREATE ON DATABASE … TO the role, as its owner',
  25006: 'the server is read-only, like a standby: name the primary in DATABASE_URL',
  57014: 'the role has a short statement_timeout: ALTER ROLE … SET statement_timeout = 0',
  53300: 'all connections are in use: raise max_connections of the server; a portal uses up to 35',
  28000: 'correct the user in DATABASE_URL, or pg_hba.conf of the server',
  '28P01': 'correct the user and password in DATABASE_URL',
  '3D000': 'create the database, or correct its name in DATABASE_URL',
};

const PRIVATE_CA =
  'its CA is unknown: add sslrootcert=/path/to/ca.pem to DATABASE_URL, or start with NODE_EXTRA_CA_CERTS=/path/to/ca.pem';

const CERTIFICATE = /^(?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+)$/;

/** Advice for an error; undefined if there is none. */
export function databaseAdvice(error: unknown): string | undefined {
  const code = codeOf(error) ?? '';
  return CERTIFICATE.test(code) ? PRIVATE_CA : ADVICE[code];
}

/** A line for the operator if there is advice, otherwise the error itself. */
export function withAdvice(error: unknown): unknown {
  const advice = error instanceof UserError ? undefined : databaseAdvice(error);
  if (advice === undefined) return error;
  return new UserError(`cannot use the database: ${describeError(error)}: ${advice}`, { cause: error });
}
