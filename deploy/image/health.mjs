// Health check of the image: asks the role in this container whether it lives. `node health.mjs [URL]`;
// STACKMETER_HEALTH_URL is for a role that does not listen on its default address.
import { readFileSync } from 'node:fs';
import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';

const defaults = {
  exporter: 'http://127.0.0.1:8080/metrics', // 503 before the first complete refresh
  gate: 'https://127.0.0.1:8443/healthz',
  portal: 'http://127.0.0.1:8000/readyz',
};

const url = process.argv[2] ?? process.env.STACKMETER_HEALTH_URL ?? defaults[role()];
// Other commands, such as token or check, have no health.
if (url === undefined) process.exit(0);
const request = url.startsWith('https:') ? tlsRequest : plainRequest;
// The certificate is for the name that others use. This request goes over loopback.
request(url, { rejectUnauthorized: false, timeout: 4000 }, (response) => {
  response.resume();
  process.exitCode = response.statusCode === 200 ? 0 : 1;
})
  .on('timeout', () => process.exit(1))
  .on('error', () => process.exit(1))
  .end();

/** The role in the command line of the container's first process. With --init the role is an argument of that process. */
function role() {
  const words = readFileSync('/proc/1/cmdline', 'utf8').split('\0');
  return words.find((word) => Object.hasOwn(defaults, word));
}
