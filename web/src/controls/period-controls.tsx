import { PERIODS, type BucketStep, type PeriodName } from '../period.ts';
import { Choice } from './choice.tsx';

const STEPS: readonly { value: BucketStep; label: string }[] = [
  { value: 'hour', label: 'Hours' },
  { value: 'day', label: 'Days' },
];

interface PeriodControlsProps {
  period: PeriodName;
  step: BucketStep;
  onPeriod: (period: PeriodName) => void;
  onStep: (step: BucketStep) => void;
}

/** Controls for the period of a page and its steps. */
export function PeriodControls({ period, step, onPeriod, onStep }: PeriodControlsProps) {
  return (
    <div class="controls">
      <Choice
        legend="Last"
        name="period"
        options={PERIODS.map(({ name, label }) => ({ value: name, label }))}
        chosen={period}
        onChoose={onPeriod}
      />
      <Choice legend="By" name="step" options={STEPS} chosen={step} onChoose={onStep} />
    </div>
  );
}
