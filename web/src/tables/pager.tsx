import { count } from '../format.ts';
import type { ListPage } from './project-list.ts';

interface PagerProps {
  /** The items of the list, such as "projects". */
  noun: string;
  shown: ListPage<unknown>;
  onPage: (page: number) => void;
}

export function Pager({ noun, shown: { page, pages, first, items, all }, onPage }: PagerProps) {
  if (pages === 1) return null;
  return (
    <nav class="pager" aria-label={`Pages of ${noun}`}>
      <button type="button" disabled={page === 1} onClick={() => onPage(page - 1)}>
        Previous
      </button>
      <p aria-live="polite">
        {count(first + 1)}–{count(first + items.length)} of {count(all)} {noun}
      </p>
      <button type="button" disabled={page === pages} onClick={() => onPage(page + 1)}>
        Next
      </button>
    </nav>
  );
}
