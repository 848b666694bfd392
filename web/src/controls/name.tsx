import { NAMELESS, visibleName } from '../names.ts';

/** A name from a site. A name with another text direction does not disturb the text around it. */
export function Name({ text }: { text: string }) {
  const shown = visibleName(text);
  return (
    <bdi dir="auto" class={shown === NAMELESS ? 'name nameless' : 'name'}>
      {shown}
    </bdi>
  );
}
