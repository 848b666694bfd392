import { useContext, useEffect, useState } from 'preact/hooks';
import { ApiContext } from './api-context.ts';
import { useTabVisible } from './use-tab-visible.ts';

/** The portal's time, updated every `everyMs` milliseconds while the tab is visible. */
export function useNow(everyMs: number): number {
  const api = useContext(ApiContext);
  const [nowMs, setNowMs] = useState(api.nowMs());
  const visible = useTabVisible();
  useEffect(() => {
    if (!visible) return undefined;
    const tick = () => setNowMs(api.nowMs());
    tick();
    const timer = setInterval(tick, everyMs);
    return () => clearInterval(timer);
  }, [api, everyMs, visible]);
  return nowMs;
}
