// Sends all queries of dashboards to a Prometheus, like Grafana, and reports the queries without an answer.
// https://grafana.com/docs/grafana/latest/datasources/prometheus/template-variables/

/**
 * @typedef {{ dashboard: string, panel: string, expr: string, problem: string }} Unanswered
 * @typedef {{ variables?: Record<string, string>, rangeSeconds: number, stepSeconds: number }} View
 *   `variables` are chosen by hand. Each other variable has its first value, or all values if it allows that.
 */

/** @returns {Promise<Unanswered[]>} */
export async function unansweredQueries(prometheusUrl, dashboards, view) {
  const found = [];
  for (const dashboard of dashboards) {
    const note = (panel, expr, problem) => found.push({ dashboard: dashboard.title, panel, expr, problem });
    const values = await chooseVariables(prometheusUrl, dashboard, view, note);
    for (const { title, targets = [] } of dashboard.panels)
      for (const { expr, instant } of targets)
        await ask(prometheusUrl, fill(expr, values, view), instant ? 'instant' : 'range', view).then(
          (series) => series.some(hasNumber) || note(title, expr, 'no data'),
          (error) => note(title, expr, String(error.message)),
        );
    // Annotations usually have no series, so only errors count.
    for (const { name, expr } of dashboard.annotations.list)
      await ask(prometheusUrl, fill(expr, values, view), 'range', view).catch((error) =>
        note(name, expr, String(error.message)),
      );
  }
  return found;
}

/** Runs a dashboard's query over the viewed time, with these values of variables; returns the series. */
export async function answerOf(prometheusUrl, expr, values, view) {
  return await ask(prometheusUrl, fill(expr, values, view), 'range', view);
}

async function chooseVariables(prometheusUrl, dashboard, view, note) {
  const values = { interval: `${view.stepSeconds}s`, ...view.variables };
  for (const variable of dashboard.templating.list) {
    const { name, type, current, allValue } = variable;
    if (type !== 'query') {
      values[name] ??= current?.value ?? '';
      continue;
    }
    const options = await optionsOf(prometheusUrl, variable, values, view).catch((error) => {
      note(`$${name}`, variable.definition, String(error.message));
      return undefined;
    });
    if (options?.length === 0) note(`$${name}`, variable.definition, 'no data');
    values[name] ??= variable.includeAll
      ? allValue
      : options?.includes(current?.value)
        ? current.value
        : options?.[0];
  }
  return values;
}

async function optionsOf(prometheusUrl, { definition, regex }, values, view) {
  const [, kind, inner] = /^(\w+)\((.*)\)$/s.exec(definition);
  const texts = await {
    label_values: async () => {
      const [, selector, label] = /^(.*),\s*(\w+)$/s.exec(inner);
      const match = encodeURIComponent(fill(selector, values, view));
      return await json(`${prometheusUrl}/api/v1/label/${label}/values?match[]=${match}`);
    },
    metrics: async () => {
      const names = await json(`${prometheusUrl}/api/v1/label/__name__/values`);
      return names.filter((name) => new RegExp(inner).test(name));
    },
    query_result: async () => {
      const series = await ask(prometheusUrl, fill(inner, values, view), 'instant', view);
      return series.map(({ metric }) =>
        Object.entries(metric)
          .map(([key, value]) => `${key}="${value}"`)
          .join(', '),
      );
    },
  }[kind]();
  if (regex === '') return texts;
  const [, pattern, flags] = /^\/(.*)\/(\w*)$/s.exec(regex);
  return texts.flatMap((text) => {
    const matches = [...text.matchAll(new RegExp(pattern, flags.includes('g') ? flags : `${flags}g`))];
    return matches
      .map(({ groups, 1: first }) => groups?.value ?? (groups ? undefined : first))
      .filter((value) => value !== undefined);
  });
}

/** Replaces variables and Grafana's own names by values; the window of a rate is four steps. */
function fill(text, values, { rangeSeconds, stepSeconds }) {
  const own = {
    __rate_interval: `${4 * stepSeconds}s`,
    __interval_ms: String(1000 * stepSeconds),
    __interval: `${stepSeconds}s`,
    __range_s: String(rangeSeconds),
    __range: `${rangeSeconds}s`,
  };
  return text.replaceAll(/\$\{(\w+)\}|\$([A-Za-z_]\w*)/g, (written, braced, plain) => {
    const name = braced ?? plain;
    const value = { ...values, ...own }[name];
    if (value === undefined) throw new Error(`${written} is no variable`);
    return value;
  });
}

async function ask(prometheusUrl, query, kind, { rangeSeconds, stepSeconds }) {
  const end = Date.now() / 1000;
  const times = kind === 'instant' ? { time: end } : { start: end - rangeSeconds, end, step: stepSeconds };
  const path = kind === 'instant' ? 'query' : 'query_range';
  const { result } = await json(
    `${prometheusUrl}/api/v1/${path}?${new URLSearchParams({ query, ...times })}`,
  );
  return result;
}

function hasNumber({ value, values = [value] }) {
  return values.some(([, number]) => number !== 'NaN');
}

async function json(url) {
  const answer = await fetch(url, { signal: AbortSignal.timeout(10_000) });
  const { data, error } = await answer.json();
  if (!answer.ok) throw new Error(error);
  return data;
}
