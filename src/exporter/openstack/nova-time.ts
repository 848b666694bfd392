/** `2026-11-22T13:55:13` in UTC: the only form that Nova takes; it refuses a `Z`. */
export function formatNovaTime(instantMs: number): string {
  const text = new Date(instantMs).toISOString().slice(0, -1);
  return text.endsWith('.000') ? text.slice(0, -4) : text;
}

/** Milliseconds of `2026-11-22T13:54:57.377211`, which is UTC without saying so; undefined for anything else. */
export function parseNovaTime(text: string): number | undefined {
  const match = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?$/.exec(text);
  if (!match) return undefined;
  const instantMs = Date.parse(`${match[1]}T${match[2]}Z`);
  return Number.isNaN(instantMs)
    ? undefined
    : instantMs + Number((match[3] ?? '').padEnd(3, '0').slice(0, 3));
}
