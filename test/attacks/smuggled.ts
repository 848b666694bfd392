import { ALL, API, type Attack, federate, match, proper, withoutToken } from './attack.ts';

const second = `GET /api/v1/query?query=up HTTP/1.1\r\nHost: gate\r\nAuthorization: Bearer {TOKEN}\r\nConnection: close\r\n\r\n`;
const lengthOf = (text: string) => text.length - '{TOKEN}'.length + 43;
const requests: Omit<Attack, 'class'>[] = [
  { name: 'a second request', reaches: API, bytes: `${proper}\r\n${second}`, proper: 1 },
  {
    name: 'a second request for everything',
    reaches: ALL,
    bytes: `${proper}\r\n${federate('match[]={__name__!=""}')}`,
    proper: 1,
  },
  {
    name: 'a request in a body',
    reaches: API,
    bytes: `${proper}Content-Length: ${lengthOf(second)}\r\n\r\n${second}`,
  },
  {
    name: 'a request behind a body of none',
    reaches: API,
    bytes: `${proper}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n${second}`,
  },
  {
    name: 'a request between two lengths',
    reaches: API,
    bytes: `${proper}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${second}`,
  },
  {
    name: 'a request behind a coding with a vertical tab',
    reaches: API,
    bytes: `${proper}Transfer-Encoding:\x0bchunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n${second}`,
  },
  {
    name: 'a request behind an upgrade',
    reaches: API,
    bytes: `GET /healthz HTTP/1.1\r\nHost: gate\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n${second}`,
  },
  {
    name: 'a second request without a token',
    reaches: 'usage',
    bytes: `${proper}\r\n${withoutToken('')}`,
    proper: 1,
  },
  {
    name: 'a second request in small letters',
    reaches: API,
    bytes: `${proper}\r\n${second.replace('GET', 'get')}`,
    proper: 1,
  },
  {
    name: 'a second request without a blank line before it',
    reaches: API,
    bytes: `${proper}${second}`,
  },
  {
    name: 'a second request behind a wider one',
    reaches: API,
    bytes: `${federate(match('up')).replace('Connection: close\r\n', '')}${second}`,
  },
  {
    name: 'a request behind a health check',
    reaches: API,
    bytes: `GET /healthz HTTP/1.1\r\nHost: gate\r\n\r\n${second}`,
  },
  {
    name: 'a request behind a chunk with an extension',
    reaches: API,
    bytes: `${proper}Transfer-Encoding: chunked\r\n\r\n0;x\n\r\n\r\n${second}`,
  },
  {
    name: 'a request behind a trailer',
    reaches: API,
    bytes: `${proper}Transfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\n${second}`,
  },
  {
    name: 'a request behind an odd expectation',
    reaches: API,
    bytes: `${proper}Expect: 100-continue\r\nContent-Length: ${lengthOf(second)}\r\n\r\n${second}`,
  },
  {
    name: 'a request behind a folded coding',
    reaches: API,
    bytes: `${proper}X: y\r\n Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n${second}`,
    proper: 1,
  },
  {
    name: 'a request behind a folded length',
    reaches: API,
    bytes: `${proper}X: y\r\n Content-Length: 5\r\n\r\n${second}`,
    proper: 1,
  },
  {
    name: 'a request in the headers',
    reaches: API,
    bytes: `${proper}X: \n\n${second}`,
    proper: 1,
  },
  {
    name: 'a request behind a body of HEAD',
    reaches: API,
    bytes: `HEAD /healthz HTTP/1.1\r\nHost: gate\r\n\r\n${second}`,
  },
];

export const smuggled: Attack[] = requests.map((attack) => ({ class: 'smuggled', ...attack }));
