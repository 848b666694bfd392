import type { ComponentChildren } from 'preact';
import { Name } from '../../controls/name.tsx';
import { visibleName } from '../../names.ts';
import { OVERVIEW, routeAddress } from '../../routing.ts';
import { usePageTitle } from '../../use-page-title.ts';

interface PageTitleProps {
  title: string;
  /** The page above it, below the overview. */
  above?: { address: string; title: string } | undefined;
  children?: ComponentChildren;
}

/** The head of a page: where it is, its title, and its controls. */
export function PageTitle({ title, above, children }: PageTitleProps) {
  usePageTitle(visibleName(title));
  return (
    <>
      <nav aria-label="Where you are" class="breadcrumb">
        <a href={routeAddress(OVERVIEW)}>Overview</a> <span aria-hidden="true">/</span>{' '}
        {above !== undefined && (
          <>
            <a href={above.address}>{above.title}</a> <span aria-hidden="true">/</span>{' '}
          </>
        )}
        <span>
          <Name text={title} />
        </span>
      </nav>
      <div class="page-head">
        <h1>
          <Name text={title} />
        </h1>
        {children}
      </div>
    </>
  );
}
