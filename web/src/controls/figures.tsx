export interface Figure {
  label: string;
  value: string;
  /** A smaller text after the value: a unit, or "of 12". */
  detail?: string;
  title?: string;
  /** Words below the value. */
  note?: string | undefined;
}

/** A few numbers that sum up a page. */
export function Figures({ figures, label }: { figures: readonly Figure[]; label: string }) {
  return (
    <dl class="figures" aria-label={label}>
      {figures.map((figure) => (
        <div key={figure.label}>
          <dt>{figure.label}</dt>
          <dd title={figure.title}>
            {figure.value} {figure.detail !== undefined && <span class="figure-detail">{figure.detail}</span>}
            {figure.note !== undefined && <small class="under">{figure.note}</small>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
