/** An address as messages and logs may show it, whole or not: without the user, the password and other secrets in it. */
export function shownUrl(url: URL | string): string {
  return String(url)
    .replace(/\/\/.*@/, '//***@')
    .replaceAll(/([?&](?:ssl)?(?:password|token|secret)=)[^&#]*/gi, '$1***');
}
