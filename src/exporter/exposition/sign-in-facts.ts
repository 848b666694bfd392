/** Where and as whom the exporter signed in, without a secret. */
export interface SignInFacts {
  keystone: string;
  user: string;
  /** The project of the token, or `all` of the system. */
  project?: string | undefined;
  system?: string;
  region: string | undefined;
}

/** `signed in as 'usage', project 'admin', region 'RegionOne'` */
export function signInWords(
  { user, project, system, region }: Omit<SignInFacts, 'keystone'>,
  quoted = (name: string) => `'${name}'`,
): string {
  const scope =
    system !== undefined
      ? 'the whole system'
      : project === undefined
        ? 'no project'
        : `project ${quoted(project)}`;
  const where = region === undefined ? '' : `, region ${quoted(region)}`;
  return `signed in as ${quoted(user)}, ${scope}${where}`;
}
