/** A URL for messages and logs: without the user, the password and other secrets in it. It may be incomplete. */
export function shownUrl(url: URL | string): string {
  return withoutUser(String(url)).replaceAll(/([?&](?:ssl)?(?:password|token|secret)=)[^&#]*/gi, '$1***');
}

function withoutUser(url: string): string {
  const [start, end] = [url.indexOf('//'), url.lastIndexOf('@')];
  return start === -1 || end < start ? url : `${url.slice(0, start)}//***${url.slice(end)}`;
}
