import type { ServerResponse } from 'node:http';

/** For a whole answer, however it drips, and however long it is. */
export interface AnswerLimits {
  timeoutMs: number;
  maxBytes: number;
}

const SIZE_INTERVAL_MS = 200;

/** Does the work of an answer, with a signal that aborts when the client is gone, or the answer takes too long or grows too large. */
export async function withinBounds(
  response: ServerResponse,
  limits: AnswerLimits,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const bounds = watch(response, limits);
  try {
    await work(bounds.signal);
  } catch (error) {
    // Why it was ended says more than how that was noticed.
    throw bounds.signal.aborted && response.headersSent ? bounds.signal.reason : error;
  } finally {
    bounds.end();
  }
}

function watch(response: ServerResponse, { timeoutMs, maxBytes }: AnswerLimits) {
  const abort = new AbortController();
  const before = response.socket?.bytesWritten ?? 0;
  const onClose = () => {
    // It also closes after a whole answer.
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
