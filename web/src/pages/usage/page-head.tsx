import type { ComponentChildren } from 'preact';
import { useContext } from 'preact/hooks';
import { Choice } from '../../controls/choice.tsx';
import { Announcement } from '../../controls/announcement.tsx';
import { ConnectionNotice } from '../../controls/connection-notice.tsx';
import { Name } from '../../controls/name.tsx';
import { ApiContext } from '../../live/api-context.ts';
import type { LiveState } from '../../live/live-query.ts';
import { periodLabel, stepsOf, type BucketStep, type Period } from '../../period.ts';
import {
  OVERVIEW,
  routeAddress,
  type GrantRoute,
  type KnownRoute,
  type ProjectRoute,
} from '../../routing.ts';
import { replaceRoute } from '../../use-route.ts';
import { PeriodControls } from './period-controls.tsx';

const STEPS: readonly { value: BucketStep; label: string }[] = [
  { value: 'hour', label: 'Hours' },
  { value: 'day', label: 'Days' },
  { value: 'month', label: 'Months' },
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
  const api = useContext(ApiContext);
  const steps = stepsOf(route.period, api.nowMs());
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
          <PeriodControls
            period={route.period}
            onChoose={(period) => replaceRoute(withPeriod(route, period))}
          />
          <Choice
            legend="By"
            name="step"
            options={STEPS.filter(({ value }) => steps.includes(value))}
            chosen={step}
            onChoose={(wanted) => replaceRoute({ ...route, step: wanted, tablePage: 1 })}
          />
        </div>
      </div>
      <ConnectionNotice states={[state]} />
      <Announcement pending={state.pending} words={`Usage of ${periodLabel(route.period)}`} />
    </>
  );
}

/** The step is dropped when the period changes, because each period has its own usual step. */
function withPeriod(route: PageHeadProps['route'], period: Period): KnownRoute {
  const { step: _, ...kept } = route;
  return { ...kept, period, tablePage: 1 };
}
