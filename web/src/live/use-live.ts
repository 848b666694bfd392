import { useContext, useEffect, useRef, useState } from 'preact/hooks';
import { ApiContext, MeContext, NewsContext } from './api-context.ts';
import { LiveQuery, NOTHING_YET, type LiveState } from './live-query.ts';
import { useTabVisible } from './use-tab-visible.ts';

/**
 * Keeps an answer fresh while the tab is visible: it asks when the portal tells of new readings, and from time to time.
 * A new `key` means a new question: the old answer then stays, marked as pending, until the new one arrives, so that the
 * page does not flicker.
 */
export function useLive<T>(
  key: string,
  everyMs: number,
  load: (signal: AbortSignal) => Promise<T>,
): LiveState<T> {
  const [state, setState] = useState<LiveState<T>>(NOTHING_YET);
  const [api, news, me] = [useContext(ApiContext), useContext(NewsContext), useContext(MeContext)];
  const query = useRef<LiveQuery<T> | undefined>(undefined);
  const visible = useTabVisible();

  useEffect(() => {
    const before = query.current?.state;
    const options = { load, everyMs, nowMs: () => api.nowMs(), isTold: () => news.isTold };
    query.current = new LiveQuery({ ...options, onChange: setState }, before);
    setState(query.current.state);
    return () => query.current?.pause();
  }, [key, everyMs]);

  // The portal refuses to tell anyone who has no role.
  const isTold = visible && me !== undefined && me.rights.length > 0;
  useEffect(() => (isTold ? news.listen(() => query.current?.noteNews()) : undefined), [news, isTold]);

  useEffect(() => {
    if (visible) query.current?.start();
    else query.current?.pause();
  }, [key, everyMs, visible]);

  // The browser sends this event when its network is back; the button of a notice sends it, too.
  useEffect(() => {
    const askNow = () => query.current?.askNow();
    addEventListener('online', askNow);
    return () => removeEventListener('online', askNow);
  }, []);

  return state;
}
