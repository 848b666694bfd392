const HERE = 'http://portal.invalid';
const LOCAL = /^\/(?![/\\])[\x21-\x7e]*$/;

/** A path of the portal to go to after a sign-in. Everything else becomes `/`, so that no link leads to another host. */
export function returnPath(asked: string | undefined): string {
  if (asked === undefined || !LOCAL.test(asked) || asked.length > 2000) return '/';
  const { origin, pathname, search, hash } = new URL(asked, HERE);
  const path = `${pathname}${search}${hash}`;
  // `/a/..//b` becomes `//b`, which names a host.
  return origin === HERE && LOCAL.test(path) ? path : '/';
}
