/** A name to filter by, or several: any of them fits. */
export type Names = string | readonly string[];

export function listOf(names: Names): readonly string[] {
  return typeof names === 'string' ? [names] : names;
}

/** Whether a filter lets a name through. Without a filter every name fits. */
export function fits(names: Names | undefined, name: string): boolean {
  return names === undefined || listOf(names).includes(name);
}
