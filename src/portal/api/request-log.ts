import type { FastifyBaseLogger } from 'fastify';

/** The log of one request. Logs a client that leaves early as debug, although compression reports it as an error. */
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
