import { scaleLog, type ScaleLogarithmic } from 'd3-scale';
import { area, line } from 'd3-shape';
import { spreadOf, type Figure, type Spread } from './figures.ts';

/** How a figure grows with size, beside its peer. */
export interface Curve {
  name: string;
  /** The unit of the horizontal axis. */
  of: string;
  unit: string;
  lines: readonly CurveLine[];
}

interface CurveLine {
  name: string;
  points: readonly Point[];
}

interface Point extends Spread {
  size: number;
}

/** The curves of the figures that state their place on one. A curve has at least two sizes. */
export function curvesOf(figures: readonly Figure[]): Curve[] {
  const names = new Set(figures.flatMap(({ curve }) => curve?.name ?? []));
  return [...names].flatMap((name) => {
    const points = figures
      .filter(({ curve }) => curve?.name === name)
      .toSorted((one, other) => (one.curve?.size ?? 0) - (other.curve?.size ?? 0));
    const [first] = points;
    if (first === undefined || new Set(points.map(({ curve }) => curve?.size)).size < 2) return [];
    const lines = [lineOf('stackmeter', points, ({ values }) => values)];
    if (first.peer !== undefined)
      lines.push(lineOf(first.peer.name, points, ({ peer }) => peer?.values ?? []));
    return [{ name, of: first.curve?.of ?? '', unit: first.unit, lines }];
  });
}

function lineOf(
  name: string,
  points: readonly Figure[],
  valuesOf: (figure: Figure) => readonly number[],
): CurveLine {
  return {
    name,
    points: points
      .filter((point) => valuesOf(point).length > 0)
      .map((point) => ({ size: point.curve?.size ?? 0, ...spreadOf(valuesOf(point)) })),
  };
}

const [WIDTH, HEIGHT] = [560, 320];
const MARGIN = { left: 64, right: 110, top: 34, bottom: 44 };
const COLOURS = ['#0b6e99', '#b4540a'];

type Scale = ScaleLogarithmic<number, number>;

/** Both axes are logarithmic. Each line has a band from the least to the greatest turn. */
export function curveSvg({ name, of, unit, lines }: Curve): string {
  const points = lines.flatMap((one) => one.points);
  const x = scaleLog(extent(points.map(({ size }) => size)), [MARGIN.left, WIDTH - MARGIN.right]);
  const y = scaleLog(extent(points.flatMap(({ least, greatest }) => [least, greatest])), [
    HEIGHT - MARGIN.bottom,
    MARGIN.top,
  ]).nice();
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" font-family="sans-serif" font-size="12" fill="#333">`,
    `<title>${name}: ${unit} by ${of}</title>`,
    '<rect width="100%" height="100%" fill="#fff"/>',
    text(MARGIN.left, 18, name, 'font-weight="bold"'),
    text(WIDTH - MARGIN.right, HEIGHT - 8, of, 'text-anchor="end"'),
    text(MARGIN.left - 8, MARGIN.top - 4, unit, 'text-anchor="end" font-size="10"'),
    ...ticksOf(y).map(
      (value) =>
        `<path d="M${MARGIN.left} ${y(value)}H${WIDTH - MARGIN.right}" stroke="#ddd"/>${text(MARGIN.left - 8, y(value) + 4, count(value), 'text-anchor="end"')}`,
    ),
    ...ticksOf(x).map((value) =>
      text(x(value), HEIGHT - MARGIN.bottom + 18, count(value), 'text-anchor="middle"'),
    ),
    ...lines.map((one, index) => lineSvg(one, COLOURS[index % COLOURS.length] ?? '', x, y)),
    '</svg>',
    '',
  ].join('\n');
}

function lineSvg({ name, points }: CurveLine, colour: string, x: Scale, y: Scale): string {
  const band = area<Point>(
    ({ size }) => x(size),
    ({ least }) => y(least),
    ({ greatest }) => y(greatest),
  );
  const median = line<Point>(
    ({ size }) => x(size),
    (point) => y(point.median),
  );
  const last = points.at(-1);
  return [
    `<path d="${band([...points]) ?? ''}" fill="${colour}" fill-opacity="0.18"/>`,
    `<path d="${median([...points]) ?? ''}" fill="none" stroke="${colour}" stroke-width="2"/>`,
    ...points.map(
      (point) => `<circle cx="${x(point.size)}" cy="${y(point.median)}" r="3" fill="${colour}"/>`,
    ),
    last === undefined ? '' : text(x(last.size) + 8, y(last.median) + 4, name, `fill="${colour}"`),
  ].join('');
}

/** Powers of ten in the domain; both ends, if there are fewer than two. */
function ticksOf(scale: Scale): number[] {
  const powers = scale.ticks().filter((value) => Number.isInteger(Math.round(Math.log10(value) * 1e9) / 1e9));
  return powers.length < 2 ? scale.domain() : powers;
}

function extent(values: readonly number[]): [number, number] {
  return [Math.min(...values), Math.max(...values)];
}

function count(value: number): string {
  return value.toLocaleString('en-US', { maximumSignificantDigits: 3 });
}

function text(x: number, y: number, content: string, more = ''): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x}" y="${y}" ${more}>${escaped}</text>`;
}
