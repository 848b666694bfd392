import type { ComponentChildren } from 'preact';
import { Choice } from '../../controls/choice.tsx';
import { ConnectionNotice } from '../../controls/connection-notice.tsx';
import { Name } from '../../controls/name.tsx';
import type { LiveState } from '../../live/live-query.ts';
import { PERIODS, type BucketStep, type PeriodName } from '../../period.ts';
import {
  OVERVIEW,
  routeAddress,
  type GrantRoute,
  type KnownRoute,
  type ProjectRoute,
} from '../../routing.ts';
import { replaceRoute } from '../../use-route.ts';

const STEPS: readonly { value: BucketStep; label: string }[] = [
  { value: 'hour', label: 'Hours' },
  { value: 'day', label: 'Days' },
];

interface PageHeadProps {
  route: ProjectRoute | GrantRoute;
  step: BucketStep;
  /** Where the page is, below the overview. */
  place: ComponentChildren;
  title: string;
  state: LiveState<unknown>;
}

/** The head of the page of a project or grant, with the controls for its period and its steps. */
export function PageHead({ route, step, place, title, state }: PageHeadProps) {
  return (
    <>
      <nav aria-label="Where you are" class="breadcrumb">
        <a href={routeAddress({ ...OVERVIEW, period: route.period })}>Overview</a>{' '}
        <span aria-hidden="true">/</span> <span>{place}</span>
      </nav>
      <div class="page-head">
        <h1>
          <Name text={title} />
        </h1>
        <div class="controls">
          <Choice
            legend="Last"
            name="period"
            options={PERIODS.map(({ name, label }) => ({ value: name, label }))}
            chosen={route.period}
            onChoose={(period) => replaceRoute(withPeriod(route, period))}
          />
          <Choice
            legend="By"
            name="step"
            options={STEPS}
            chosen={step}
            onChoose={(wanted) => replaceRoute({ ...route, step: wanted, tablePage: 1 })}
          />
        </div>
      </div>
      <ConnectionNotice states={[state]} />
    </>
  );
}

/** The step is dropped when the period changes, because each period has its own usual step. */
function withPeriod(route: PageHeadProps['route'], period: PeriodName): KnownRoute {
  const { step: _, ...kept } = route;
  return { ...kept, period, tablePage: 1 };
}
