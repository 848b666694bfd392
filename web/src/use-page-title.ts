import { useEffect } from 'preact/hooks';

/** Titles a page. A page that somebody came to by a link has the focus: it goes on to the heading. */
export function usePageTitle(subject: string): void {
  useEffect(() => {
    document.title = `${subject} – stackmeter`;
  }, [subject]);
  useEffect(() => {
    const heading = document.querySelector<HTMLElement>('main:focus h1');
    heading?.setAttribute('tabindex', '-1');
    heading?.focus({ preventScroll: true });
  }, []);
}
