import { count } from '../format.ts';
import type { ListPage } from './project-list.ts';

interface PagerProps {
  /** The items of the list, such as "projects". */
  noun: string;
  shown: ListPage<unknown>;
  onPage: (page: number) => void;
}

/** A button that ends at the first or last page keeps the focus, so it is not disabled as such. */
export function Pager({ noun, shown: { page, pages, first, items, all }, onPage }: PagerProps) {
  if (pages === 1) return null;
  return (
    <nav class="pager" aria-label={`Pages of ${noun}`}>
      <button type="button" aria-disabled={page === 1} onClick={() => page > 1 && onPage(page - 1)}>
        Previous
      </button>
      <p aria-live="polite">
        {count(first + 1)}–{count(first + items.length)} of {count(all)} {noun}
      </p>
      <button type="button" aria-disabled={page === pages} onClick={() => page < pages && onPage(page + 1)}>
        Next
      </button>
    </nav>
  );
}
