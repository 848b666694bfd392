/**
 * A warning if the HTTP parser of this Node.js (`process.version`) ends headers where the standard does not; otherwise
 * undefined. Only Node.js 20 before 20.19.2 has such a parser.
 * Source: https://nodejs.org/en/blog/vulnerability/may-2025-security-releases
 */
export function parserWarning(nodeVersion: string): string | undefined {
  const [major = 0, minor = 0, patch = 0] = nodeVersion.replace('v', '').split('.').map(Number.parseFloat);
  const isMended = minor > 19 || (minor === 19 && patch >= 2);
  if (major !== 20 || isMended) return undefined;
  return `Node.js ${nodeVersion} answers requests that are hidden in other requests (CVE-2025-23167): run the gate on 20.19.2 or later`;
}
