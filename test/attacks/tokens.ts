import { type Attack, attacks, BARRED, withoutToken } from './attack.ts';

const single = attacks(
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
    ['the token without a scheme', 'usage', 'Authorization: {TOKEN}\r\n'],
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
    ['the scheme behind a tab', 'usage', 'Authorization: Bearer\t{TOKEN}\r\n'],
    ['the scheme before an encoded blank', 'usage', 'Authorization: Bearer%20{TOKEN}\r\n'],
    ['the scheme twice', 'usage', 'Authorization: Bearer Bearer {TOKEN}\r\n'],
    ['a name with an underscore', 'usage', 'Authorization_: Bearer {TOKEN}\r\n'],
    ['a name behind a blank', 'usage', ' Authorization: Bearer {TOKEN}\r\n'],
    ['a name with a NUL', 'usage', 'Authorization\0: Bearer {TOKEN}\r\n'],
    ['a user and a password', 'usage', 'Authorization: Basic dXNlcjpwYXNzd29yZA==\r\n'],
    ['a challenge', 'usage', 'WWW-Authenticate: Bearer {TOKEN}\r\n'],
    ['a key', 'usage', 'X-API-Key: {TOKEN}\r\n'],
    ['a token in a trailer that is only announced', 'usage', 'Trailer: Authorization\r\n'],
    ['a token of no signature', 'usage', 'Authorization: Bearer eyJhbGciOiJub25lIn0.e30.\r\n'],
    ['an internal client', 'usage', 'X-Forwarded-For: 127.0.0.1\r\nX-Real-IP: 127.0.0.1\r\n'],
  ],
  withoutToken,
);

const barred = (token: string, headers = '') => withoutToken(`Authorization: Bearer ${token}\r\n${headers}`);
const ADDRESS = '203.0.113.7';
const notFromHere = attacks(
  'a token that is not valid here',
  [
    ['of yesterday', 'usage', barred(BARRED.expired)],
    ['of yesterday, with a date', 'usage', barred(BARRED.expired, 'Date: Tue, 01 Jan 2019 00:00:00 GMT\r\n')],
    ['of another address', 'usage', barred(BARRED.elsewhere)],
    ['forwarded for it', 'usage', barred(BARRED.elsewhere, `X-Forwarded-For: ${ADDRESS}\r\n`)],
    ['forwarded by it', 'usage', barred(BARRED.elsewhere, `Forwarded: for=${ADDRESS};by=${ADDRESS}\r\n`)],
    [
      'really it',
      'usage',
      barred(BARRED.elsewhere, `X-Real-IP: ${ADDRESS}\r\nTrue-Client-IP: ${ADDRESS}\r\n`),
    ],
    [
      'a client of it',
      'usage',
      barred(BARRED.elsewhere, `X-Client-IP: ${ADDRESS}\r\nClient-IP: ${ADDRESS}\r\n`),
    ],
    ['a host of it', 'usage', barred(BARRED.elsewhere).replace('Host: gate', `Host: ${ADDRESS}`)],
    ['by PROXY', 'usage', `PROXY TCP4 ${ADDRESS} 127.0.0.1 4000 8443\r\n${barred(BARRED.elsewhere)}`],
    [
      'by PROXY in bytes',
      'usage',
      `\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xcb\0\x71\x07\x7f\0\0\x01\x10\0\x20\xfb${barred(BARRED.elsewhere)}`,
    ],
    ['of a certificate', 'usage', barred(BARRED.certified)],
    [
      'a certificate that was verified',
      'usage',
      barred(BARRED.certified, 'X-SSL-Client-Verify: SUCCESS\r\n'),
    ],
    ['a certificate by name', 'usage', barred(BARRED.certified, 'X-SSL-Client-S-DN: CN=portal\r\n')],
    [
      'a certificate by hash',
      'usage',
      barred(BARRED.certified, `X-Forwarded-Client-Cert: Hash=${'0'.repeat(64)}\r\n`),
    ],
    ['a certificate in a header', 'usage', barred(BARRED.certified, 'Client-Cert: :MIIB:\r\n')],
  ],
  (bytes) => bytes,
);

export const tokens: Attack[] = [...single, ...notFromHere];
