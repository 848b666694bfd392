import { request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { UserError } from '../runtime/user-error.ts';
import { RuleError } from './accounts/grants/rules.ts';
import { AUTHOR_HEADER } from './api/shapes/author.ts';

/** Asks the portal that listens on this socket. Throws `RuleError` and `UserError` with the words of its answer. */
export async function askOverSocket(
  socketPath: string,
  target: { method: string; path: string },
  author?: string,
  body?: unknown,
): Promise<unknown> {
  const sent = body === undefined ? undefined : JSON.stringify(body);
  const headers = {
    ...(author === undefined ? {} : { [AUTHOR_HEADER]: Buffer.from(author).toString('base64url') }),
    ...(sent === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(sent) }),
  };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const asked = request({ socketPath, ...target, headers }, resolve);
    asked.once('error', (cause) =>
      reject(new UserError(`the portal did not answer: ${cause.message}`, { cause })),
    );
    asked.end(sent);
  });
  const [answer, status = 500] = [await text(response), response.statusCode];
  const parsed: unknown = answer === '' ? undefined : JSON.parse(answer);
  if (status < 300) return parsed;
  const { error = `the portal answered ${status}` } = (parsed ?? {}) as { error?: string };
  throw status === 422 ? new RuleError(error) : new UserError(error);
}
