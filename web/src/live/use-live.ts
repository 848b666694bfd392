import { useContext, useEffect, useRef, useState } from 'preact/hooks';
import { ApiContext } from './api-context.ts';
import { LiveQuery, NOTHING_YET, type LiveState } from './live-query.ts';
import { useTabVisible } from './use-tab-visible.ts';

/**
 * Keeps an answer fresh while the tab is visible. A new `key` means a new question: the old answer then stays, marked as
 * pending, until the new one arrives, so that the page does not flicker.
 */
export function useLive<T>(
  key: string,
  everyMs: number,
  load: (signal: AbortSignal) => Promise<T>,
): LiveState<T> {
  const [state, setState] = useState<LiveState<T>>(NOTHING_YET);
  const api = useContext(ApiContext);
  const query = useRef<LiveQuery<T> | undefined>(undefined);
  const visible = useTabVisible();

  useEffect(() => {
    const before = query.current?.state;
    query.current = new LiveQuery({ load, everyMs, nowMs: () => api.nowMs(), onChange: setState }, before);
    setState(query.current.state);
    return () => query.current?.pause();
  }, [key, everyMs]);

  useEffect(() => {
    if (visible) query.current?.start();
    else query.current?.pause();
  }, [key, everyMs, visible]);

  return state;
}
