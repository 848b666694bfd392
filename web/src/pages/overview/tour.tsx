import { useState } from 'preact/hooks';

/** The sentences of somebody's first minute on the overview. */
const SENTENCES = [
  'Each site counts what its projects use, and this portal reads the totals and keeps the usage of each hour.',
  'The chart shows one resource over time: choose the resource and the period above it.',
  'A project or a grant leads to a page of its own, with its numbers as a table and as CSV.',
  'A grant shows what is used and what is left; the mark on its bar is the share of its time that is gone.',
  'Coverage says how each hour is known: measured, spread over a gap, or missing.',
];

const SEEN = 'stackmeter-tour-seen';

/** True if this browser has shown the tour before, and if it remembers nothing. Constant while the page is open. */
export function useTourSeen(): boolean {
  return useState(() => readSeen())[0];
}

/** The overview in five sentences, open until somebody closes it. */
export function Tour({ seen }: { seen: boolean }) {
  return (
    <details class="card tour" open={!seen} onToggle={(event) => !event.currentTarget.open && writeSeen()}>
      <summary>This page in five sentences</summary>
      <ol>
        {SENTENCES.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ol>
    </details>
  );
}

/** Browsers may refuse to keep anything. */
function readSeen(): boolean {
  try {
    return localStorage.getItem(SEEN) !== null;
  } catch {
    return true;
  }
}

function writeSeen(): void {
  try {
    localStorage.setItem(SEEN, 'true');
  } catch {
    // The tour then stays closed, as `readSeen` says.
  }
}
