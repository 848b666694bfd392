// Health check of the image: asks the role that runs in this container whether it lives. `node health.mjs [URL]`;
// STACKMETER_HEALTH_URL where a role listens elsewhere than by default.
import { readFileSync } from 'node:fs';
import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';

const defaults = {
  exporter: 'http://127.0.0.1:8080/metrics', // 503 before the first complete refresh
  gate: 'https://127.0.0.1:8443/healthz',
  portal: 'http://127.0.0.1:8000/readyz',
};

const url = process.argv[2] ?? process.env.STACKMETER_HEALTH_URL ?? defaults[role()];
// What the container runs otherwise (a token, a check) has no health.
if (url === undefined) process.exit(0);
const request = url.startsWith('https:') ? tlsRequest : plainRequest;
// The certificate is for the name that others use; this asks itself, over loopback.
request(url, { rejectUnauthorized: false, timeout: 4000 }, (response) => {
  response.resume();
  process.exitCode = response.statusCode === 200 ? 0 : 1;
})
  .on('timeout', () => process.exit(1))
  .on('error', () => process.exit(1))
  .end();

/** The role, of the command line of the container's first process (the second argument list with --init). */
function role() {
  const words = readFileSync('/proc/1/cmdline', 'utf8').split('\0');
  return words.find((word) => Object.hasOwn(defaults, word));
}
