/** Tells somebody who does not see the page that new results are there; says nothing while they are awaited. */
export function Announcement({ pending, words }: { pending: boolean; words: string }) {
  return (
    <p role="status" class="visually-hidden">
      {pending ? '' : words}
    </p>
  );
}
