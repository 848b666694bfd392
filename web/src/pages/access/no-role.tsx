import { usePageTitle } from '../../use-page-title.ts';

/** For somebody who is signed in, and may read nothing. */
export function NoRolePage() {
  usePageTitle('No role yet');
  return (
    <section class="card empty">
      <h1>You have no role here yet</h1>
      <p>
        You are signed in, but no rule and no grant gives you a role. Ask an operator of this portal for one,
        and tell them the id on <a href="#/access">My access</a>.
      </p>
    </section>
  );
}
