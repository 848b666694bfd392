import { useContext } from 'preact/hooks';
import type { Me } from '../api.ts';
import { MeContext } from '../live/api-context.ts';
import { hasSignIn, personWords, readsEverything } from '../live/roles.ts';
import { OVERVIEW, routeAddress } from '../routing.ts';
import { useRoute } from '../use-route.ts';
import { Name } from './name.tsx';

export function AppHeader() {
  const me = useContext(MeContext);
  const route = useRoute();
  const period = 'period' in route ? route.period : OVERVIEW.period;
  const signedIn = me !== undefined && hasSignIn(me);
  return (
    <header class="app-header">
      <a class="brand" href="#/">
        <img src="./favicon.svg" width="28" height="28" alt="" />
        <span>stackmeter</span>
      </a>
      <nav aria-label="Main">
        {me !== undefined && me.rights.length > 0 && (
          <a href={routeAddress({ page: 'totals', period, by: 'site' })}>Totals</a>
        )}
        {me !== undefined && me.price_books > 0 && (
          <a href={routeAddress({ page: 'prices', period })}>Prices</a>
        )}
        {signedIn && readsEverything(me) && <a href={routeAddress({ page: 'audit' })}>Audit</a>}
        <a href={routeAddress({ page: 'quality' })}>Data quality</a>
        <a href="api/">API</a>
        {signedIn && <a href={routeAddress({ page: 'access' })}>My access</a>}
      </nav>
      {signedIn && <SignedIn me={me} />}
    </header>
  );
}

function SignedIn({ me }: { me: Me }) {
  const words = personWords(me);
  return (
    <div class="signed-in">
      <span class="who" title={words}>
        <span class="visually-hidden">Signed in as </span>
        <Name text={words} />
      </span>
      {me.by !== 'proxy' && (
        <form method="post" action="sign-out">
          <button type="submit" class="more">
            Sign out
          </button>
        </form>
      )}
    </div>
  );
}
