import { useEffect } from 'preact/hooks';

export function usePageTitle(subject: string): void {
  useEffect(() => {
    document.title = `${subject} – stackmeter`;
  }, [subject]);
}
