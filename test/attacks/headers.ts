import { ALL, API, type Attack, attacks, request, USAGE_QUERY } from './attack.ts';

const toTheApi = attacks(
  'headers',
  [
    ['another path by header', API, 'X-Original-URL: /api/v1/query\r\nX-Rewrite-URL: /api/v1/query\r\n'],
    ['another method by header', API, 'X-HTTP-Method-Override: POST\r\n'],
    ['a change to a web socket', 'a tunnel', 'Connection: Upgrade\r\nUpgrade: websocket\r\n'],
    ['a change to HTTP/2', 'a tunnel', 'Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n'],
    ['a name that is hop by hop', 'no token upstream', 'Connection: Authorization\r\n'],
    ['a range', 'a part', 'Range: bytes=0-10\r\n'],
    ['a prefix by header', API, 'X-Forwarded-Prefix: /federate\r\n'],
    ['an internal redirect', API, 'X-Accel-Redirect: /api/v1/query\r\n'],
    ['a path by header', API, 'X-Original-Path: /federate\r\n:path: /federate\r\n'],
  ],
  (more) => request(`GET /api/v1/query?${USAGE_QUERY} HTTP/1.1`, more),
);

/** A gate may ignore these headers and answer the proper request, but must not forward them. */
const ignorable = attacks(
  'headers that must not be forwarded',
  [
    ['another tenant', "another's series", 'X-Scope-OrgID: other\r\nTHANOS-TENANT: other\r\n'],
    ['a change to HTTP/2', 'a tunnel', 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n'],
    [
      'a change to a web socket',
      'a tunnel',
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n',
    ],
    ['a change to TLS', 'a tunnel', 'Connection: Upgrade\r\nUpgrade: TLS/1.2\r\n'],
    ['hop by hop', 'no token upstream', 'Connection: Authorization, Host, Accept\r\n'],
    ['another format', 'protobuf', 'Accept: application/vnd.google.protobuf;encoding=delimited\r\n'],
    ['OpenMetrics', 'exemplars', 'Accept: application/openmetrics-text; version=1.0.0\r\n'],
    ['another coding', 'an unchecked answer', 'Accept-Encoding: br, zstd, identity;q=0\r\n'],
    ['a range', 'a part that looks whole', 'Range: bytes=0-10\r\nIf-Range: "x"\r\n'],
    [
      'a condition',
      'whether there is something',
      'If-None-Match: *\r\nIf-Modified-Since: Thu, 01 Jan 2026 00:00:00 GMT\r\n',
    ],
    ['a cookie', 'a session', 'Cookie: session=x\r\n'],
    ['another host', 'another host', 'X-Forwarded-Host: 127.0.0.1:9090\r\nX-Forwarded-Proto: file\r\n'],
    ['a user of a proxy', 'what others may read', 'X-Webauth-User: admin\r\nX-Remote-User: admin\r\n'],
    ['another method', API, 'X-HTTP-Method: DELETE\r\nX-Method-Override: POST\r\n'],
    ['a longer scrape', 'the time of the gate', 'X-Prometheus-Scrape-Timeout-Seconds: 99999\r\n'],
    ['a trace', 'a log', 'Traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n'],
    ['a selector', ALL, 'Match[]: {__name__=~".+"}\r\n'.replace('[]', '')],
  ],
  (more) => request(`GET /federate?${USAGE_QUERY} HTTP/1.1`, more),
  1,
);

export const headers: Attack[] = [...toTheApi, ...ignorable];
