import { usePageTitle } from '../use-page-title.ts';

export function UnknownPage({ address }: { address: string }) {
  usePageTitle('Not found');
  return (
    <section class="card empty">
      <h1>There is no such page</h1>
      <p>
        Nothing is at <code>{address}</code>. Go to the <a href="#/">overview</a>.
      </p>
    </section>
  );
}
