/**
 * Grafana's own types of a dashboard in the classic JSON model, which Grafana 10 and later read. With them the compiler
 * checks each field. https://www.npmjs.com/package/@grafana/schema
 */
import type * as schema from '@grafana/schema';
import type { Options as BarGaugeOptions } from '@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen';
import type { Options as StatOptions } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type { Options as TableOptions } from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type { Options as TextOptions } from '@grafana/schema/dist/esm/raw/composable/text/panelcfg/x/TextPanelCfg_types.gen';
import type { Options as TimeSeriesOptions } from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

/** A type as it is in JSON: words and numbers in place of enumerations. */
type Json<T> = T extends string
  ? `${T}`
  : T extends number
    ? number extends T
      ? number
      : `${T}` extends `${infer N extends number}`
        ? N
        : never
    : T extends readonly (infer U)[]
      ? readonly Json<U>[]
      : T extends object
        ? { [K in keyof T]: Json<T[K]> }
        : T;

export type Dashboard = Omit<Json<schema.Dashboard>, 'panels'> & { panels: readonly (Panel | Row)[] };
export type Row = Json<schema.RowPanel>;
/** `definition` is the text that Grafana shows of a query. */
export type Variable = Json<schema.VariableModel> & { definition?: string };
export type Transformation = Json<schema.DataTransformerConfig>;
export type FieldConfig = Json<schema.FieldConfig>;
export type Override = Json<schema.FieldConfigSource>['overrides'][number];
export type GraphStyle = Json<schema.GraphFieldConfig>;
/** The older form of an annotation, without `target`: all versions read it. */
export type Annotation = Omit<Json<schema.AnnotationQuery>, 'target'> & {
  expr: string;
  step: string;
  titleFormat: string;
};

/** The options of each kind of panel. Options that are left out have their default. */
interface OptionsOf {
  stat: StatOptions;
  timeseries: TimeSeriesOptions;
  bargauge: BarGaugeOptions;
  table: TableOptions;
  text: TextOptions;
}

type PanelOf<Type extends keyof OptionsOf> = Omit<Json<schema.Panel>, 'type' | 'options' | 'targets'> & {
  type: Type;
  targets?: readonly Target[];
  options: Json<Partial<OptionsOf[Type]>>;
};

export type Panel = { [Type in keyof OptionsOf]: PanelOf<Type> }[keyof OptionsOf];

/** A query to a Prometheus. */
export interface Target extends Json<schema.DataQuery> {
  expr: string;
  legendFormat: string;
  interval: string;
  range: boolean;
  instant: boolean;
  format: 'table' | 'time_series';
}
