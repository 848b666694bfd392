/**
 * Attempts to get more out of a site than usage, as the bytes that a client sends. `{TOKEN}` stands for a valid token.
 * None of them may reach what stands behind the gate.
 */
export interface Attack {
  class: string;
  name: string;
  /** What it would get if it succeeded. */
  reaches: string;
  bytes: string;
  /** How many proper requests it begins with: those may be answered, each with what a proper request gets. */
  proper?: number;
}

/** What the earlier system asks for, as Prometheus and as a stackmeter portal write it. */
export const USAGE_QUERY =
  'match%5B%5D=%7Bjob%3D%22project_usages%22%2C__name__%3D~%22project_.%2A_usage%22%7D';
const USAGE = '{job="project_usages",__name__=~"project_.*_usage"}';
const ALL = 'everything that Prometheus has';
const API = "Prometheus' API";

type Row = readonly [name: string, reaches: string, what: string];

const match = (selector: string) => `match[]=${encodeURIComponent(selector)}`;

function attacks(name: string, rows: readonly Row[], bytesOf: (what: string) => string): Attack[] {
  return rows.map(([title, reaches, what]) => ({ class: name, name: title, reaches, bytes: bytesOf(what) }));
}

/** A request with a valid token. */
function request(line: string, headers = '', body = ''): string {
  return `${line}\r\nHost: gate\r\nAuthorization: Bearer {TOKEN}\r\nConnection: close\r\n${headers}\r\n${body}`;
}

const get = (target: string) => request(`GET ${target} HTTP/1.1`);
const federate = (query: string) => get(`/federate?${query}`);
const proper = `GET /federate?${USAGE_QUERY} HTTP/1.1\r\nHost: gate\r\nAuthorization: Bearer {TOKEN}\r\n`;

const selectors = attacks(
  'another selector',
  [
    ['everything', ALL, '{}'],
    ['every name', ALL, '{__name__=~".+"}'],
    ['every name, in another job', ALL, '{job=~".+"}'],
    ['no job', 'usage of other jobs', '{__name__=~"project_.*_usage"}'],
    ['no name', 'all of the job', '{job="project_usages"}'],
    ['an empty job', 'series without a job', '{job="",__name__=~"project_.*_usage"}'],
    ['an empty name matcher', 'all of the job', '{job="project_usages",__name__=~""}'],
    ['another job', 'node metrics', '{job="node",__name__=~"project_.*_usage"}'],
    ['a job by expression', 'other jobs', '{job=~"project_usages|node",__name__=~"project_.*_usage"}'],
    ['a job with a suffix', 'other jobs', '{job=~"project_usages.*",__name__=~"project_.*_usage"}'],
    ['every job but one', 'other jobs', '{job!="node",__name__=~"project_.*_usage"}'],
    ['a negated expression', 'other jobs', '{job!~"node",__name__=~"project_.*_usage"}'],
    ['another metric', 'whether targets are up', 'up{job="project_usages"}'],
    ['a longer expression', 'all of the job', '{job="project_usages",__name__=~"project_.*_usage|.*"}'],
    ['an expression that ends early', 'all of the job', '{job="project_usages",__name__=~"project_.*"}'],
    ['an expression without anchors', 'other metrics', '{job="project_usages",__name__=~".*_usage"}'],
    ['an expression with flags', 'other metrics', '{job="project_usages",__name__=~"(?i)project_.*_usage"}'],
    ['an expression over lines', 'odd names', '{job="project_usages",__name__=~"(?s)project_.*_usage"}'],
    ['an escape from the brackets', ALL, '{job="project_usages",__name__=~"project_.*_usage)|(.*"}'],
    ['an alternative without brackets', ALL, '{job="project_usages",__name__=~"|.*|project_.*_usage"}'],
    ['the negation', 'all else of the job', '{job="project_usages",__name__!~"project_.*_usage"}'],
    ['names that are not up', 'all of the job', '{job="project_usages",__name__!="up"}'],
    ['the selector as a label', ALL, '{a!="job=project_usages,__name__=~project_.*_usage"}'],
    ['the selector after a comment', ALL, '{__name__=~".+"} # {job="project_usages"}'],
    ['the selector in a comment', ALL, `{__name__=~".+" # ${USAGE}\n}`],
    ['a union', ALL, `${USAGE} or {__name__=~".+"}`],
    ['a function', ALL, 'label_replace(up,"job","project_usages","","")'],
    ['a sum', 'whether targets are up', 'sum(up)'],
    ['a subquery', ALL, 'max_over_time(up[1h:1m])'],
    ['a range', 'the past', `${USAGE}[30d]`],
    ['an offset', 'the past', `${USAGE} offset 1d`],
    ['an instant', 'the past', `${USAGE} @ 1600000000`],
    ['two selectors in one', ALL, `${USAGE},{__name__=~".+"}`],
    ['a name in quotes', 'whether targets are up', '{"up",job="project_usages"}'],
    ['a label in quotes', ALL, '{"job"!="x","__name__"=~".+"}'],
    ['a name twice', 'whether targets are up', 'up{job="project_usages",__name__="project_a_usage"}'],
    ['a quoted name twice', 'whether targets are up', '{"up","project_a_usage",job="project_usages"}'],
    ['another label of that name', ALL, '{JOB="project_usages",__NAME__=~"project_.*_usage"}'],
    ['a label of look-alikes', ALL, '{"јob"="project_usages",__name__=~"project_.*_usage"}'],
    ['an expression as an equality', 'odd names', '{job="project_usages",__name__="project_.*_usage\\n"}'],
    ['an escaped quote', ALL, '{job="project_usages\\",__name__=~\\"project_.*_usage",x!=""}'],
    ['an escape of bytes', ALL, '{job="project_usages",__name__=~"project_.*_usage|\\x75p"}'],
    ['an escape that is not UTF-8', ALL, '{job="project_usages\\xff",__name__=~"project_.*_usage"}'],
    ['a raw quote', ALL, '{job=`project_usages`,__name__=~`.+`}'],
    ['single quotes', ALL, "{job='project_usages',__name__=~'.+'}"],
    ['a value in another case', 'other jobs', '{job="Project_usages",__name__=~"project_.*_usage"}'],
    ['spaces around a value', 'other jobs', '{job=" project_usages ",__name__=~"project_.*_usage"}'],
    ['a NUL in a value', 'other jobs', '{job="project_usages\0",__name__=~"project_.*_usage"}'],
    ['the exporter facts with a wider name', 'others', '{job="project_usages",__name__=~"stackmeter_.+"}'],
    ['an expression of great cost', 'the time of the gate', '{job="x",__name__=~"(a{50}){50}"}'],
    ['nested brackets', 'the stack of the gate', `{job=~"${'('.repeat(900)}${')'.repeat(900)}"}`],
    ['an endless list', 'the time of the gate', `{${'a="b",'.repeat(3000)}}`],
    ['a broken selector', 'an error message', '{job="project_usages"'],
    ['a template', 'files', '{{ template "x" }}'],
    ['an injection', 'a database', `' OR 1=1 --`],
  ],
  (selector) => federate(match(selector)),
);

const parameters = attacks(
  'parameters',
  [
    ['a second match[] for everything', ALL, `${USAGE_QUERY}&${match('{__name__=~".+"}')}`],
    ['a first match[] for everything', ALL, `${match('{__name__=~".+"}')}&${USAGE_QUERY}`],
    ['a third match[]', ALL, `${USAGE_QUERY}&${USAGE_QUERY}&match[]=up`],
    ['an encoded second name', ALL, `${USAGE_QUERY}&%6d%61%74%63%68%5b%5d=up`],
    ['a partly encoded second name', ALL, `${USAGE_QUERY}&m%61tch[%5D=up`],
    ['a second name in capitals', ALL, `${USAGE_QUERY}&MATCH[]=up`],
    ['a second match without brackets', ALL, `${USAGE_QUERY}&match=up`],
    ['a second match with an index', ALL, `${USAGE_QUERY}&match[0]=up`],
    ['a second match after a semicolon', ALL, `${USAGE_QUERY};match[]=up`],
    ['a second match after an encoded ampersand', ALL, `${USAGE_QUERY}%26match[]=up`],
    ['a second match after a newline', ALL, `${USAGE_QUERY}%0amatch[]=up`],
    ['a second match after a NUL', ALL, `${USAGE_QUERY}%00&match[]=up`],
    ['a second match after a fragment', ALL, `${USAGE_QUERY}#&match[]=up`],
    ['a second question mark', ALL, `${USAGE_QUERY}?match[]=up`],
    ['an empty match[]', ALL, 'match[]='],
    ['no value', ALL, 'match[]'],
    ['nothing', ALL, ''],
    ['an ampersand', ALL, '&'],
    ['an empty name', ALL, '=up'],
    ['a leading ampersand', ALL, '&match[]=up'],
    ['a name with a NUL', ALL, 'match[]%00=up'],
    ['a name with a blank', ALL, '+match[]=up'],
    ['a name twice encoded', ALL, 'match%255B%255D=up'],
    ['a value twice encoded', ALL, `match[]=${encodeURIComponent(encodeURIComponent(USAGE))}`],
    ['a value with a bad escape', ALL, `${USAGE_QUERY}%`],
    ['a value with an unfinished escape', ALL, `${USAGE_QUERY}%4`],
    ['an escape of the old days', ALL, 'match[]=%u0075p'],
    ['an over-long slash', ALL, 'match[]=%c0%af'],
    ['an over-long NUL', ALL, 'match[]=%c0%80'],
    ['an over-long quote', ALL, 'match[]={job=%c0%a2project_usages%c0%a2}'],
    ['an over-long quote of three bytes', ALL, 'match[]={job=%e0%80%a2project_usages%e0%80%a2}'],
    ['a half surrogate', ALL, 'match[]={job=%22%ed%a0%80%22}'],
    ['text that is not UTF-8', ALL, 'match[]={job=%22%ff%fe%22}'],
    ['UTF-16', ALL, 'match[]=%00u%00p'],
    ['a byte order mark', ALL, 'match[]=%ef%bb%bfup'],
    ['a time', 'the past', `${USAGE_QUERY}&time=1600000000`],
    ['a query', API, `${USAGE_QUERY}&query=up`],
    ['a start', 'the past', `${USAGE_QUERY}&start=0&end=9999999999`],
    ['a lookback', 'the past', `${USAGE_QUERY}&lookback_delta=10y`],
    ['a format', 'another format', `${USAGE_QUERY}&format=protobuf`],
    ['the token as a parameter', 'the log', 'match[]=up&access_token={TOKEN}'],
    ['a thousand selectors', 'memory', Array.from({ length: 150 }, () => 'match[]=up').join('&')],
    ['ten thousand ampersands', 'memory', '&'.repeat(10_000)],
    ['a long value', 'memory', `match[]=${'x'.repeat(15_000)}`],
  ],
  federate,
);

const usage = `?${USAGE_QUERY}`;
const paths = attacks(
  'paths',
  [
    ['the query API', API, `/api/v1/query?query=up&${USAGE_QUERY}`],
    ['the range API', API, `/api/v1/query_range?query=up&start=0&end=1&step=1&${USAGE_QUERY}`],
    ['the series API', API, `/api/v1/series${usage}`],
    ['the labels API', 'names of labels', `/api/v1/labels${usage}`],
    ['the values API', 'names of metrics', `/api/v1/label/__name__/values${usage}`],
    ['the targets', 'addresses', `/api/v1/targets${usage}`],
    ['the configuration', 'secrets', `/api/v1/status/config${usage}`],
    ['the flags', 'how it runs', `/api/v1/status/flags${usage}`],
    ['the metadata', 'names of metrics', `/api/v1/metadata${usage}`],
    ['the rules', 'rules', `/api/v1/rules${usage}`],
    ['the deletion', 'deletion', `/api/v1/admin/tsdb/delete_series${usage}`],
    ['a snapshot', 'a snapshot', `/api/v1/admin/tsdb/snapshot${usage}`],
    ['reading by GET', ALL, `/api/v1/read${usage}`],
    ['the metrics of Prometheus', 'its metrics', `/metrics${usage}`],
    ['the profiler', 'memory', `/debug/pprof/heap${usage}`],
    ['the end', 'its end', `/-/quit${usage}`],
    ['a reload', 'a reload', `/-/reload${usage}`],
    ['the health of Prometheus', 'its state', `/-/healthy${usage}`],
    ['the graph', 'pages', `/graph${usage}`],
    ['the root', 'pages', `/${usage}`],
    ['a longer path', API, `/federate/api/v1/query?query=up&${USAGE_QUERY}`],
    ['a path in front', API, `/api/v1/federate${usage}`],
    ['a slash behind', ALL, `/federate/${usage}`],
    ['two slashes', ALL, `//federate${usage}`],
    ['two slashes and a host', 'another host', `//127.0.0.1:9090/api/v1/query${usage}`],
    ['a dot', ALL, `/./federate${usage}`],
    ['dots', API, `/federate/../api/v1/query${usage}`],
    ['encoded dots', API, `/federate/%2e%2e/api/v1/query${usage}`],
    ['encoded slashes', API, `/federate%2f..%2fapi%2fv1%2fquery${usage}`],
    ['over-long dots', API, `/federate/%c0%ae%c0%ae/api/v1/query${usage}`],
    ['dots and a semicolon', API, `/federate/..;/api/v1/query${usage}`],
    ['a semicolon', ALL, `/federate;x=y${usage}`],
    ['backslashes', API, `/federate\\..\\api\\v1\\query${usage}`],
    ['an encoded letter', ALL, `/%66ederate${usage}`],
    ['another case', ALL, `/FEDERATE${usage}`],
    ['an encoded question mark', ALL, `/federate%3f${USAGE_QUERY}`],
    ['an encoded NUL', API, `/federate%00${usage}`],
    ['an encoded newline', API, `/federate%0d%0aX-A:%20b${usage}`],
    ['a fragment', ALL, `/federate#${usage}`],
    ['an absolute form', ALL, `http://gate/federate${usage}`],
    ['an absolute form of the API', API, `http://gate/api/v1/query${usage}`],
    ['an absolute form of another host', 'another host', `http://127.0.0.1:9090/federate${usage}`],
    ['another scheme', 'files', `file:///etc/passwd`],
    ['an asterisk', 'options', '*'],
    ['no slash', ALL, `federate${usage}`],
    ['a user in front', 'another host', `@127.0.0.1:9090/federate${usage}`],
    ['a health check with a query', API, `/healthz${usage}`],
    ['a health check and dots', API, `/healthz/../api/v1/query${usage}`],
    ['a long path', 'memory', `/${'a'.repeat(15_000)}`],
  ],
  get,
);

const methods = attacks(
  'methods',
  [
    ['HEAD', 'whether there is something', 'HEAD'],
    ['OPTIONS', 'what it can do', 'OPTIONS'],
    ['TRACE', 'the headers', 'TRACE'],
    ['TRACK', 'the headers', 'TRACK'],
    ['PUT', 'a change', 'PUT'],
    ['DELETE', 'a deletion', 'DELETE'],
    ['PATCH', 'a change', 'PATCH'],
    ['POST', API, 'POST'],
    ['PROPFIND', 'a listing', 'PROPFIND'],
    ['PURGE', 'a deletion', 'PURGE'],
    ['get in small letters', ALL, 'get'],
    ['a method of its own', ALL, 'GETX'],
    ['CONNECT', 'another host', 'CONNECT'],
  ],
  (method) => request(`${method} /federate?${USAGE_QUERY} HTTP/1.1`),
);

const form = 'Content-Type: application/x-www-form-urlencoded\r\n';
const bodies = attacks(
  'bodies',
  [
    ['a form', ALL, `${form}Content-Length: 10\r\n|match[]=up`],
    ['a body of chunks', ALL, `${form}Transfer-Encoding: chunked\r\n|a\r\nmatch[]=up\r\n0\r\n\r\n`],
    ['both lengths', 'a smuggled request', 'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n|0\r\n\r\n'],
    ['two lengths', 'a smuggled request', 'Content-Length: 0\r\nContent-Length: 5\r\n|match'],
    ['a list of lengths', 'a smuggled request', 'Content-Length: 0, 5\r\n|match'],
    ['a negative length', 'a smuggled request', 'Content-Length: -1\r\n|x'],
    ['a signed length', 'a smuggled request', 'Content-Length: +5\r\n|match'],
    ['a hexadecimal length', 'a smuggled request', 'Content-Length: 0x5\r\n|match'],
    ['an endless length', 'memory', 'Content-Length: 99999999999999999999\r\n|x'],
    ['an odd coding', 'a smuggled request', 'Transfer-Encoding: xchunked\r\n|0\r\n\r\n'],
    ['a coding twice', 'a smuggled request', 'Transfer-Encoding: chunked, chunked\r\n|0\r\n\r\n'],
    ['a coding with a tab', 'a smuggled request', 'Transfer-Encoding:\tchunked\r\n|0\r\n\r\n'],
    ['a coding before a blank', 'a smuggled request', 'Transfer-Encoding : chunked\r\n|0\r\n\r\n'],
    ['a coding on two lines', 'a smuggled request', 'Transfer-Encoding:\r\n chunked\r\n|0\r\n\r\n'],
    ['the identity', 'a smuggled request', 'Transfer-Encoding: identity\r\nContent-Length: 5\r\n|match'],
    ['a chunk of no size', 'a smuggled request', 'Transfer-Encoding: chunked\r\n|x\r\n'],
    ['a chunk of great size', 'memory', 'Transfer-Encoding: chunked\r\n|ffffffffffffffff\r\nx'],
    ['an expectation', 'a smuggled request', 'Expect: 100-continue\r\nContent-Length: 5\r\n|match'],
  ],
  (what) => {
    const [headers = '', body = ''] = what.split('|');
    return request(`GET /federate?${USAGE_QUERY} HTTP/1.1`, headers, body);
  },
);

const withoutToken = (headers: string) =>
  `GET /federate?${USAGE_QUERY} HTTP/1.1\r\nHost: gate\r\nConnection: close\r\n${headers}\r\n`;
const authorizations = attacks(
  'tokens',
  [
    ['no token', 'usage', ''],
    ['an empty header', 'usage', 'Authorization:\r\n'],
    ['an empty token', 'usage', 'Authorization: Bearer \r\n'],
    ['another token', 'usage', 'Authorization: Bearer x\r\n'],
    ['a prefix of the token', 'usage', 'Authorization: Bearer sword\r\n'],
    ['more than the token', 'usage', 'Authorization: Bearer {TOKEN}x\r\n'],
    ['the token twice', 'usage', 'Authorization: Bearer {TOKEN} {TOKEN}\r\n'],
    ['a list of tokens', 'usage', 'Authorization: Bearer x, Bearer {TOKEN}\r\n'],
    ['a list that begins with the token', 'usage', 'Authorization: Bearer {TOKEN}, Bearer x\r\n'],
    ['two headers', 'usage', 'Authorization: Bearer {TOKEN}\r\nAuthorization: Bearer {TOKEN}\r\n'],
    ['a wrong and a right header', 'usage', 'Authorization: Bearer x\r\nauthorization: Bearer {TOKEN}\r\n'],
    ['a right and a wrong header', 'usage', 'Authorization: Bearer {TOKEN}\r\nauthorization: Basic x\r\n'],
    ['the token alone', 'usage', 'Authorization: {TOKEN}\r\n'],
    ['another scheme', 'usage', 'Authorization: Basic {TOKEN}\r\n'],
    ['a header for proxies', 'usage', 'Proxy-Authorization: Bearer {TOKEN}\r\n'],
    ['a cookie', 'usage', 'Cookie: Authorization=Bearer {TOKEN}\r\n'],
    ['a forwarded one', 'usage', 'X-Forwarded-Authorization: Bearer {TOKEN}\r\n'],
    ['a quoted one', 'usage', 'Authorization: Bearer "{TOKEN}"\r\n'],
    ['a name before a blank', 'usage', 'Authorization : Bearer {TOKEN}\r\n'],
    ['a folded one', 'usage', 'Authorization: Bearer\r\n {TOKEN}\r\n'],
    ['a NUL behind it', 'usage', 'Authorization: Bearer {TOKEN}\0\r\n'],
    ['a byte behind it', 'usage', 'Authorization: Bearer {TOKEN}\xa0\r\n'],
    ['its hash', 'usage', `Authorization: Bearer sha256:${'0'.repeat(64)}\r\n`],
    ['an internal client', 'usage', 'X-Forwarded-For: 127.0.0.1\r\nX-Real-IP: 127.0.0.1\r\n'],
  ],
  withoutToken,
);

const wire = attacks(
  'not HTTP',
  [
    ['an old version', 'a broken answer', request(`GET /federate?${USAGE_QUERY} HTTP/1.0`)],
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
    ['noise', 'the machine', '\x00\x01\x02\xff\xfe\r\n\r\n'],
  ],
  (bytes) => bytes,
);

/** Some read the white space between the words more freely than others: then it is a proper request. */
const blanks: Attack[] = [
  { name: 'two blanks', bytes: request(`GET  /federate?${USAGE_QUERY} HTTP/1.1`) },
  { name: 'a tab', bytes: request(`GET\t/federate?${USAGE_QUERY}\tHTTP/1.1`) },
].map((attack) => ({ class: 'not HTTP', reaches: 'another path', proper: 1, ...attack }));

const headers = attacks(
  'headers',
  [
    ['another path by header', API, 'X-Original-URL: /api/v1/query\r\nX-Rewrite-URL: /api/v1/query\r\n'],
    ['another method by header', API, 'X-HTTP-Method-Override: POST\r\n'],
    ['a change to a web socket', 'a tunnel', 'Connection: Upgrade\r\nUpgrade: websocket\r\n'],
    ['a change to HTTP/2', 'a tunnel', 'Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n'],
    ['a name that is hop by hop', 'no token upstream', 'Connection: Authorization\r\n'],
    ['a range', 'a part', 'Range: bytes=0-10\r\n'],
  ],
  (more) => request(`GET /api/v1/query?${USAGE_QUERY} HTTP/1.1`, more),
);

const second = `GET /api/v1/query?query=up HTTP/1.1\r\nHost: gate\r\nAuthorization: Bearer {TOKEN}\r\nConnection: close\r\n\r\n`;
const lengthOf = (text: string) => text.length - '{TOKEN}'.length + 43;
const smuggled: Attack[] = [
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
].map((attack) => ({ class: 'smuggled', ...attack }));

export const ATTACKS: readonly Attack[] = [
  ...selectors,
  ...parameters,
  ...paths,
  ...methods,
  ...bodies,
  ...authorizations,
  ...wire,
  ...blanks,
  ...headers,
  ...smuggled,
];
