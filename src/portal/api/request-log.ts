import type { FastifyBaseLogger } from 'fastify';

/** The log of one request. A reader that goes away before the end is no error here, though compression reports it as one. */
export function requestLog(
  logger: FastifyBaseLogger,
  ...[bindings, options = {}]: Parameters<FastifyBaseLogger['child']>
): FastifyBaseLogger {
  const log = logger.child(bindings, options);
  const { error } = log;
  log.error = (...words: Parameters<typeof error>) =>
    (wentAway(words[0]) ? log.debug : error).apply(log, words);
  return log;
}

function wentAway(error: unknown): boolean {
  return error instanceof Error && error.message === 'premature close';
}
