import { useEffect, useState } from 'preact/hooks';
import { parseRoute, routeAddress, type KnownRoute, type Route } from './routing.ts';

/** The route of the address bar. */
export function useRoute(): Route {
  const [route, setRoute] = useState<Route>(() => parseRoute(location.hash));
  useEffect(() => {
    const onChange = () => setRoute(parseRoute(location.hash));
    addEventListener('hashchange', onChange);
    return () => removeEventListener('hashchange', onChange);
  }, []);
  return route;
}

/** Shows another view of the same page. It replaces the current entry in the history. */
export function replaceRoute(route: KnownRoute): void {
  history.replaceState(null, '', routeAddress(route));
  dispatchEvent(new HashChangeEvent('hashchange'));
}
