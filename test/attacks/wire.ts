import { ALL, API, type Attack, attacks, request, USAGE_QUERY } from './attack.ts';

const inOrder = attacks(
  'not HTTP',
  [
    ['an older version', 'a broken answer', `GET /federate?${USAGE_QUERY}\r\n\r\n`],
    ['a newer version', 'another protocol', request(`GET /federate?${USAGE_QUERY} HTTP/2.0`)],
    ['a version of its own', 'another protocol', request(`GET /federate?${USAGE_QUERY} HTTP/1.1x`)],
    ['HTTP/2 by knowledge', 'another protocol', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0'],
    ['a path of two words', API, request(`GET /federate?${USAGE_QUERY} /api/v1/query HTTP/1.1`)],
    ['a NUL in the path', API, request('GET /api/v1/query\0/federate HTTP/1.1')],
    ['a NUL in the query', ALL, request(`GET /federate?${USAGE_QUERY}\0&match[]=up HTTP/1.1`)],
    ['a carriage return in the query', ALL, request(`GET /federate?${USAGE_QUERY}\rX: y HTTP/1.1`)],
    ['bytes in the query', ALL, request('GET /federate?match[]=\xc3\xa9 HTTP/1.1')],
    ['a bare newline as the end of a line', 'headers', request(`GET /api/v1/query HTTP/1.1\nX: y`)],
    ['a NUL in a header', 'headers', request(`GET /api/v1/query HTTP/1.1`, 'X: a\0b\r\n')],
    ['a header without a name', 'headers', request(`GET /federate?${USAGE_QUERY} HTTP/1.1`, ': x\r\n')],
    ['a header without a colon', 'headers', request(`GET /federate?${USAGE_QUERY} HTTP/1.1`, 'x\r\n')],
    ['no host', 'another host', `GET /federate?${USAGE_QUERY} HTTP/1.1\r\n\r\n`],
    ['headers of 40 kB', 'memory', request(`GET /api/v1/query HTTP/1.1`, `X: ${'x'.repeat(40_000)}\r\n`)],
    ['two thousand headers', 'memory', request('GET /metrics HTTP/1.1', 'X: y\r\n'.repeat(2000))],
    ['a method of 40 kB', 'memory', `${'X'.repeat(40_000)} / HTTP/1.1\r\n\r\n`],
    ['a shell', 'the machine', '() { :; }; cat /etc/passwd\r\n\r\n'],
    ['nothing', 'the time of the gate', '\r\n\r\n'],
    ['a folded header', 'headers', request('GET /api/v1/query HTTP/1.1', 'X: y\r\n\tz: /federate\r\n')],
    ['a folded request line', 'headers', request(`GET /federate?${USAGE_QUERY} HTTP/1.1\r\n X: y`)],
    ['a name with a bracket', 'headers', request(`GET /federate?${USAGE_QUERY} HTTP/1.1`, 'X(: y\r\n')],
    [
      'a name with a vertical tab',
      'headers',
      request(`GET /federate?${USAGE_QUERY} HTTP/1.1`, 'X\x0b: y\r\n'),
    ],
    ['a return within a header', 'headers', request(`GET /federate?${USAGE_QUERY} HTTP/1.1`, 'X: a\rb\r\n')],
    [
      'a host with a path',
      'another host',
      request('GET /api/v1/query HTTP/1.1').replace('gate', 'gate/federate?'),
    ],
    [
      'a host with a user',
      'another host',
      request('GET /api/v1/query HTTP/1.1').replace('gate', 'gate@127.0.0.1:9090'),
    ],
    ['a host twice', 'another host', request('GET /api/v1/query HTTP/1.1', 'Host: 127.0.0.1:9090\r\n')],
    ['a version of no number', 'another protocol', request(`GET /federate?${USAGE_QUERY} HTTP/x.y`)],
    ['a protocol of its own', 'another protocol', request(`GET /federate?${USAGE_QUERY} HTCPCP/1.1`)],
    ['an answer', 'the connection', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
    ['a web socket frame', 'a tunnel', '\x81\x85\0\0\0\0hello\r\n\r\n'],
    ['a line of a mail', 'a mail', 'EHLO gate\r\nMAIL FROM:<a@b>\r\n\r\n'],
    ['a greeting of TLS within TLS', 'another protocol', '\x16\x03\x01\0\x05\x01\0\0\x01\0\r\n\r\n'],
    ['noise', 'the machine', '\x00\x01\x02\xff\xfe\r\n\r\n'],
  ],
  (bytes) => bytes,
);

/** Some servers accept other blanks around the words, or an old version: for them these are proper requests. */
const blanks: Attack[] = [
  { name: 'an old version', bytes: request(`GET /federate?${USAGE_QUERY} HTTP/1.0`) },
  { name: 'two blanks', bytes: request(`GET  /federate?${USAGE_QUERY} HTTP/1.1`) },
  { name: 'a tab', bytes: request(`GET\t/federate?${USAGE_QUERY}\tHTTP/1.1`) },
  { name: 'empty lines in front', bytes: `\r\n\r\n${request(`GET /federate?${USAGE_QUERY} HTTP/1.1`)}` },
  {
    name: 'newlines without returns',
    bytes: request(`GET /federate?${USAGE_QUERY} HTTP/1.1`).replaceAll('\r', ''),
  },
].map((attack) => ({ class: 'not HTTP', reaches: 'another path', proper: 1, ...attack }));

export const wire: Attack[] = [...inOrder, ...blanks];
