import { NAMELESS, visibleName } from '../names.ts';

/** A name from a site, kept apart from the text around it whatever its direction. */
export function Name({ text }: { text: string }) {
  const shown = visibleName(text);
  return (
    <bdi dir="auto" class={shown === NAMELESS ? 'name nameless' : 'name'}>
      {shown}
    </bdi>
  );
}
