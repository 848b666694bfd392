import { usePageTitle } from '../use-page-title.ts';

export function UnknownPage({ address }: { address: string }) {
  usePageTitle('Not found');
  return (
    <section class="card empty">
      <h1>There is no such page</h1>
      <p>
        No page has the address <code>{address}</code>. Go to the <a href="#/">overview</a>.
      </p>
    </section>
  );
}
