import { ApiError } from '../context/exchange.ts';

export function novaBadRequest(message: string): ApiError {
  return novaError('badRequest', 400, message);
}

export function novaForbidden(rule: string): ApiError {
  return novaError('forbidden', 403, `Policy doesn't allow ${rule} to be performed.`);
}

export function serverNotFound(id: string): ApiError {
  return novaError('itemNotFound', 404, `Instance ${id} could not be found.`);
}

export function novaNotFound(message: string): ApiError {
  return novaError('itemNotFound', 404, message);
}

export function unsupportedVersion(version: string, lowest: string, highest: string): ApiError {
  return novaError(
    'computeFault',
    406,
    `Version ${version} is not supported by the API. Minimum is ${lowest} and maximum is ${highest}.`,
  );
}

export function novaCrash(kind: string): ApiError {
  return novaError(
    'computeFault',
    500,
    `Unexpected API Error. Please report this at http://bugs.launchpad.net/nova/ and attach the Nova API log if possible.\n<class '${kind}'>`,
  );
}

/** Nova's HTML page for an unknown path, or a method that a path does not support. */
export function noSuchPage(): ApiError {
  return new ApiError({
    status: 404,
    body: '<html>\n <head>\n  <title>404 Not Found</title>\n </head>\n <body>\n  <h1>404 Not Found</h1>\n  The resource could not be found.<br /><br />\n\n\n\n </body>\n</html>',
  });
}

/** The body of an error has one member. Its name depends on the status. */
function novaError(member: string, code: number, message: string): ApiError {
  return new ApiError({ status: code, body: { [member]: { code, message } } });
}
