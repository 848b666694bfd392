interface WaitingProps {
  /** The subject of the answer, such as "the usage". */
  what: string;
  /** Why the last question failed. */
  error: string | undefined;
  class?: string;
}

/** Stands in the place of an answer that has not come, and says what the page does. */
export function Waiting({ what, error, class: name = '' }: WaitingProps) {
  return (
    <p class={`waiting ${name}`} aria-busy={error === undefined}>
      {error === undefined ? `Reading ${what}…` : `Cannot read ${what}: ${error}.`}
    </p>
  );
}
