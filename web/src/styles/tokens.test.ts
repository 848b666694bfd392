import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const tokens = readFileSync(new URL('tokens.css', import.meta.url), 'utf8');
const [light = '', dark = ''] = tokens.split('@media screen and (prefers-color-scheme: dark)');

describe.each([
  ['light', light],
  ['dark', dark],
])('colours of the %s scheme', (_name, css) => {
  it.each([
    ['--text', '--ground'],
    ['--text', '--raised'],
    ['--muted', '--ground'],
    ['--muted', '--surface'],
    ['--muted', '--raised'],
    ['--muted', '--idle-ground'],
    ['--accent', '--ground'],
    ['--accent', '--surface'],
    ['--accent', '--raised'],
    ['--on-accent', '--accent'],
    ['--good', '--good-ground'],
    ['--warn', '--warn-ground'],
    ['--warn', '--raised'],
    ['--bad', '--bad-ground'],
  ])('give %s on %s enough contrast for text', (text, ground) => {
    expect(contrast(colour(css, text), colour(css, ground))).toBeGreaterThanOrEqual(4.5);
  });

  it.each(['1', '2', '3', '4', '5', '6', 'other'])(
    'give the bars of layer %s enough contrast to their background',
    (layer) => {
      expect(contrast(colour(css, `--series-${layer}`), colour(css, '--surface'))).toBeGreaterThanOrEqual(3);
    },
  );

  it('give the edges of controls enough contrast', () => {
    expect(contrast(colour(css, '--control-line'), colour(css, '--surface'))).toBeGreaterThanOrEqual(3);
  });
});

function colour(css: string, property: string): number[] {
  const hex = new RegExp(`${property}: #([0-9a-f]{6});`).exec(css)?.[1];
  if (hex === undefined) throw new Error(`the scheme has no colour ${property}`);
  return [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255);
}

/** The contrast by the definition of WCAG 2.2. */
function contrast(a: readonly number[], b: readonly number[]): number {
  const [darker = 0, lighter = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (lighter + 0.05) / (darker + 0.05);
}

function luminance(colourParts: readonly number[]): number {
  const [red = 0, green = 0, blue = 0] = colourParts.map((part) =>
    part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4,
  );
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
