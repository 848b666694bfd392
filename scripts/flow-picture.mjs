// docs/images/flow.svg: how usage flows from a site to the portal. The picture has a ground of its own, because the
// colour scheme of the page around it may differ from the colour scheme of the reader's system.
const BOX = { width: 120, height: 64, y: 74 };
const GAP = 34;
const PADDING = 18;
const FRAME = { y: 22, height: 136 };

const SITE = [
  ['OpenStack', 'Keystone, Nova'],
  ['exporter', 'running totals'],
  ['Prometheus', 'optional'],
  ['gate', 'allowed series'],
];
const PORTAL = [
  ['collector', 'reads the gates'],
  ['ledger', 'PostgreSQL'],
  ['API, pages', 'JSON, CSV, web'],
];

const BETWEEN = 92;
const site = frame(24, SITE);
const portal = frame(site.x + site.width + BETWEEN, PORTAL);
const WIDTH = portal.x + portal.width + 24;
const HEIGHT = 192;

const STYLE = `
  svg { --ground: #ffffff; --frame: #f4f6f9; --line: #c9d2dd; --box: #ffffff; --text: #17202c; --muted: #526073; --accent: #1f4fbf; }
  @media (prefers-color-scheme: dark) {
    svg { --ground: #0e1319; --frame: #161d26; --line: #3a4757; --box: #1f2935; --text: #e5ebf3; --muted: #9dabbd; --accent: #8fb3ff; }
  }
  text { font-family: system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif; fill: var(--text); }
  .ground { fill: var(--ground); }
  .frame { fill: var(--frame); stroke: var(--line); }
  .box { fill: var(--box); stroke: var(--line); }
  .own { stroke: var(--accent); stroke-width: 1.5; }
  .title { font-size: 15px; font-weight: 600; }
  .name { font-size: 15px; font-weight: 600; text-anchor: middle; }
  .note { font-size: 13px; fill: var(--muted); text-anchor: middle; }
  .arrow { stroke: var(--muted); stroke-width: 1.5; fill: none; }
  .way { stroke: var(--accent); stroke-width: 2.5; fill: none; }
  .head { fill: var(--muted); }
  .way-head { fill: var(--accent); }
  .way-note { font-size: 13px; font-weight: 600; fill: var(--accent); text-anchor: middle; }`;

/** The picture as SVG text. */
export function flowPicture() {
  const middle = BOX.y + BOX.height / 2;
  const [gate, collector] = [site.x + site.width - PADDING, portal.x + PADDING];
  const between = site.x + site.width + BETWEEN / 2 + 5;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-labelledby="title">
<title id="title">At each site, usage flows from OpenStack through the exporter and Prometheus to the gate. From there it flows over TLS to the portal: collector, ledger, API and pages.</title>
<style>${STYLE}
</style>
<rect class="ground" width="${WIDTH}" height="${HEIGHT}" rx="12"/>
${[12, 6].map((offset) => outline(site, offset)).join('\n')}
${outline(site, 0)}
${outline(portal, 0)}
<text class="title" x="${site.x + PADDING}" y="52">each site</text>
<text class="title" x="${portal.x + PADDING}" y="52">the portal</text>
${row(site, SITE)}
${row(portal, PORTAL)}
<path class="way" d="M${gate} ${middle}H${collector - 9}"/>
<path class="way-head" d="M${collector} ${middle}l-11 -6v12z"/>
<text class="way-note" x="${between}" y="${middle - 12}">TLS</text>
<text class="way-note" x="${between}" y="${middle + 22}">token</text>
</svg>
`;
}

function frame(x, boxes) {
  return { x, width: boxes.length * BOX.width + (boxes.length - 1) * GAP + 2 * PADDING };
}

/** The frame of a site or of the portal. Two frames behind the first one stand for more sites. */
function outline({ x, width }, offset) {
  return `<rect class="frame" x="${x + offset}" y="${FRAME.y + offset}" width="${width}" height="${FRAME.height}" rx="10"/>`;
}

function row({ x: left }, boxes) {
  return boxes
    .map(([name, note], index) => {
      const x = left + PADDING + index * (BOX.width + GAP);
      const middle = x + BOX.width / 2;
      return `${index === 0 ? '' : arrow(x)}<rect class="box${isOwn(name) ? ' own' : ''}" x="${x}" y="${BOX.y}" width="${BOX.width}" height="${BOX.height}" rx="8"/>
<text class="name" x="${middle}" y="${BOX.y + 28}">${name}</text>
<text class="note" x="${middle}" y="${BOX.y + 48}">${note}</text>`;
    })
    .join('\n');
}

/** The arrow that ends at the box whose left edge is `x`. */
function arrow(x) {
  const y = BOX.y + BOX.height / 2;
  return `<path class="arrow" d="M${x - GAP + 3} ${y}H${x - 9}"/><path class="head" d="M${x - 2} ${y}l-9 -4.5v9z"/>\n`;
}

/** True for the parts that stackmeter provides. */
function isOwn(name) {
  return name !== 'OpenStack' && name !== 'Prometheus';
}
