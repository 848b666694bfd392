import { ApiError } from '../context/exchange.ts';

/** Keystone's answer to every failed sign-in. It does not say what was wrong. */
export function unauthorized(origin: string): ApiError {
  return keystoneError(401, 'Unauthorized', 'The request you have made requires authentication.', {
    'WWW-Authenticate': `Keystone uri="${origin}/v3"`,
  });
}

export function keystoneForbidden(action: string): ApiError {
  return keystoneError(
    403,
    'Forbidden',
    `You are not authorized to perform the requested action: ${action}.`,
  );
}

export function keystoneNotFound(message: string): ApiError {
  return keystoneError(404, 'Not Found', message);
}

export function malformedSignIn(): ApiError {
  return keystoneError(
    400,
    'Bad Request',
    'Expecting to find auth in request body. The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error.',
  );
}

function keystoneError(
  status: number,
  title: string,
  message: string,
  headers: Record<string, string> = {},
): ApiError {
  return new ApiError({ status, headers, body: { error: { code: status, message, title } } });
}
