import type { ComponentType } from 'preact';
import { useContext, useEffect, useState } from 'preact/hooks';
import { MeContext } from '../live/api-context.ts';
import { usePageTitle } from '../use-page-title.ts';

/** A page whose code loads when it is first shown, while the portal is asked who is signed in. */
export function lazyPage<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  let Page: ComponentType<P> | undefined;
  return function LazyPage(props: P) {
    const me = useContext(MeContext);
    const [state, setState] = useState<'loading' | 'loaded' | 'failed'>('loading');
    useEffect(() => {
      if (Page !== undefined) return;
      load().then(
        (page) => {
          Page = page;
          setState('loaded');
        },
        () => setState('failed'),
      );
    }, []);
    if (state === 'failed') return <NotLoaded />;
    if (Page === undefined || me === undefined)
      return (
        <p class="card waiting" aria-busy>
          Loading the page…
        </p>
      );
    return <Page {...props} />;
  };
}

/** A browser does not ask again for code that it could not load, so only a reload helps. */
function NotLoaded() {
  usePageTitle('Not loaded');
  return (
    <section class="card empty" role="alert">
      <h1>This page could not be loaded</h1>
      <p>
        The portal was updated since you opened it, or it cannot be reached. Reload the page to go on where
        you are.
      </p>
      <button type="button" class="more" onClick={() => location.reload()}>
        Reload the page
      </button>
    </section>
  );
}
