import type { ServerResponse } from 'node:http';

/** Limits of one answer, however slowly and in however many pieces it comes. */
export interface AnswerLimits {
  timeoutMs: number;
  maxBytes: number;
}

const SIZE_INTERVAL_MS = 200;

/**
 * Does the work of an answer. The signal aborts when the client is gone, when the answer takes too long, or when it is
 * too large.
 */
export async function withinBounds(
  response: ServerResponse,
  limits: AnswerLimits,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const bounds = watch(response, limits);
  try {
    await work(bounds.signal);
  } catch (error) {
    // The reason of the abort says more than the error that it causes.
    throw bounds.signal.aborted && response.headersSent ? bounds.signal.reason : error;
  } finally {
    bounds.end();
  }
}

function watch(response: ServerResponse, { timeoutMs, maxBytes }: AnswerLimits) {
  const abort = new AbortController();
  const before = response.socket?.bytesWritten ?? 0;
  const onClose = () => {
    // The response also closes after a complete answer.
    if (!response.writableFinished) abort.abort(new Error('the client is gone'));
  };
  response.once('close', onClose);
  const timeout = setTimeout(() => abort.abort(new Error('the answer took too long')), timeoutMs);
  const size = setInterval(() => {
    if ((response.socket?.bytesWritten ?? 0) - before > maxBytes)
      abort.abort(new Error('the answer grew too large'));
  }, SIZE_INTERVAL_MS);
  const end = () => {
    clearTimeout(timeout);
    clearInterval(size);
    response.off('close', onClose);
  };
  return { signal: abort.signal, end };
}
