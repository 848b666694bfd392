import { useContext } from 'preact/hooks';
import { MeContext } from '../live/api-context.ts';
import { hasSignIn, personWords, readsEverything } from '../live/roles.ts';
import { routeAddress } from '../routing.ts';
import { Name } from './name.tsx';

export function AppHeader() {
  const me = useContext(MeContext);
  const signedIn = me !== undefined && hasSignIn(me);
  return (
    <header class="app-header">
      <a class="brand" href="#/">
        <img src="./favicon.svg" width="28" height="28" alt="" />
        stackmeter
      </a>
      <nav aria-label="Main">
        {signedIn && readsEverything(me) && <a href={routeAddress({ page: 'audit' })}>Audit</a>}
        <a href="api/openapi.json">API</a>
        {signedIn && <a href={routeAddress({ page: 'access' })}>My access</a>}
        {signedIn && (
          <span class="who">
            <span class="visually-hidden">Signed in as </span>
            <Name text={personWords(me)} />
          </span>
        )}
        {signedIn && me.by !== 'proxy' && (
          <form method="post" action="sign-out">
            <button type="submit" class="more">
              Sign out
            </button>
          </form>
        )}
      </nav>
    </header>
  );
}
