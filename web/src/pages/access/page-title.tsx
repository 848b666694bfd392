import { Name } from '../../controls/name.tsx';
import { OVERVIEW, routeAddress } from '../../routing.ts';
import { usePageTitle } from '../../use-page-title.ts';

/** The head of a page that shows no usage. */
export function PageTitle({ title }: { title: string }) {
  usePageTitle(title);
  return (
    <>
      <nav aria-label="Where you are" class="breadcrumb">
        <a href={routeAddress(OVERVIEW)}>Overview</a> <span aria-hidden="true">/</span> <span>{title}</span>
      </nav>
      <div class="page-head">
        <h1>
          <Name text={title} />
        </h1>
      </div>
    </>
  );
}
