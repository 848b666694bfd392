import { ALL, type Attack, attacks, request, USAGE_QUERY } from './attack.ts';

const form = 'Content-Type: application/x-www-form-urlencoded\r\n';
const inGet = attacks(
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
    ['a chunk with an extension', 'a smuggled request', 'Transfer-Encoding: chunked\r\n|0;a=b\r\n\r\n'],
    [
      'an extension with a bare newline',
      'a smuggled request',
      'Transfer-Encoding: chunked\r\n|0;a\nb\r\n\r\n',
    ],
    [
      'an extension of great size',
      'memory',
      `Transfer-Encoding: chunked\r\n|0;${'a'.repeat(20_000)}\r\n\r\n`,
    ],
    ['a trailer', 'another token', 'Transfer-Encoding: chunked\r\n|0\r\nAuthorization: Bearer x\r\n\r\n'],
    ['a size with a sign', 'a smuggled request', 'Transfer-Encoding: chunked\r\n|+0\r\n\r\n'],
    ['a size with a prefix', 'a smuggled request', 'Transfer-Encoding: chunked\r\n|0x0\r\n\r\n'],
    ['a chunk that ends in a bare newline', 'a smuggled request', 'Transfer-Encoding: chunked\r\n|0\n\n'],
    ['a coding and a comma', 'a smuggled request', 'Transfer-Encoding: ,chunked\r\n|0\r\n\r\n'],
    ['a coding in quotes', 'a smuggled request', 'Transfer-Encoding: "chunked"\r\n|0\r\n\r\n'],
    ['a coding with a parameter', 'a smuggled request', 'Transfer-Encoding: chunked;q=1\r\n|0\r\n\r\n'],
    ['a coding, packed', 'a smuggled request', 'Transfer-Encoding: gzip, chunked\r\n|0\r\n\r\n'],
    ['two codings', 'a smuggled request', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n|0\r\n\r\n'],
    [
      'a coding behind a bare newline',
      'a smuggled request',
      'X: y\nTransfer-Encoding: chunked\r\n|0\r\n\r\n',
    ],
    ['a coding behind a bare return', 'a smuggled request', 'X: y\rTransfer-Encoding: chunked\r\n|0\r\n\r\n'],
    ['a coding with a NUL', 'a smuggled request', 'Transfer-Encoding: \0chunked\r\n|0\r\n\r\n'],
    ['a coding with a high byte', 'a smuggled request', 'Transfer-Encoding: \xffchunked\r\n|0\r\n\r\n'],
    ['a length with a newline', 'a smuggled request', 'Content-Length:\n 5\r\n|match'],
    ['a length of two words', 'a smuggled request', 'Content-Length: 5 5\r\n|match'],
    ['a length with a point', 'a smuggled request', 'Content-Length: 5.0\r\n|match'],
    ['a length of other digits', 'a smuggled request', 'Content-Length: \xd9\xa5\r\n|match'],
    ['an empty length', 'a smuggled request', 'Content-Length:\r\n|match'],
    ['a form in another charset', ALL, `${form.trim()}; charset=IBM037\r\nContent-Length: 10\r\n|match[]=up`],
    ['a form in parts', ALL, 'Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 5\r\n|--x--'],
    ['a form, packed', ALL, `${form}Content-Encoding: gzip\r\nContent-Length: 10\r\n|match[]=up`],
    ['a body of JSON', ALL, 'Content-Type: application/json\r\nContent-Length: 2\r\n|{}'],
    [
      'an odd expectation',
      'a smuggled request',
      'Expect: 200-ok, 100-continue\r\nContent-Length: 5\r\n|match',
    ],
    ['an expectation', 'a smuggled request', 'Expect: 100-continue\r\nContent-Length: 5\r\n|match'],
  ],
  (what) => {
    const [headers = '', body = ''] = what.split('|');
    return request(`GET /federate?${USAGE_QUERY} HTTP/1.1`, headers, body);
  },
);

/** POST requests whose form contradicts the query. */
const forms = attacks(
  'forms',
  [
    ['a form and a proper query', ALL, 'match[]=up'],
    ['a form for everything', ALL, 'match[]=%7B__name__%3D~%22.%2B%22%7D'],
    ['an empty form', ALL, ''],
    ['a form with the method', ALL, '_method=GET&match[]=up'],
  ],
  (body) =>
    request(
      `POST /federate?${USAGE_QUERY} HTTP/1.1`,
      `${form}X-HTTP-Method-Override: GET\r\nContent-Length: ${body.length}\r\n`,
      body,
    ),
);

export const bodies: Attack[] = [...inGet, ...forms];
