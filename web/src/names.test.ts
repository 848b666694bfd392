import { describe, expect, it } from 'vitest';
import { compareNames, NAMELESS, visibleName } from './names.ts';

describe('a name from a site', () => {
  it.each(['project', 'Grüße "aus" \\ Köln', 'مشروع المناخ', '<b>&amp;</b>', '👩‍🔬 lab'])(
    'is shown unchanged: %s',
    (name) => {
      expect(visibleName(name)).toBe(name);
    },
  );

  it('shows control characters, line ends and direction marks as code points', () => {
    expect(visibleName('a\nb\u0000c\u202ed\u200be\u2028f')).toBe(
      'a⟨U+000A⟩b⟨U+0000⟩c⟨U+202E⟩d⟨U+200B⟩e⟨U+2028⟩f',
    );
  });

  it.each(['', '   ', '\u200b\u200b', '\t\n'])(
    'without a visible character is shown as "(no name)": %j',
    (name) => {
      expect(visibleName(name)).toBe(NAMELESS);
    },
  );
});

it('names have one order for readers of every language, with numbers in order', () => {
  const sorted = ['p10', 'zebra', 'äpfel', 'p9', 'apfel', 'Birne'].toSorted(compareNames);
  expect(sorted).toEqual(['apfel', 'äpfel', 'Birne', 'p9', 'p10', 'zebra']);
});
