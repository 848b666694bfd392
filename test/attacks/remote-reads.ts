import { gzipSync } from 'node:zlib';
import type { ProtobufWriter } from '../../src/prometheus/remote/protobuf-writer.ts';
import { ALL, API, type Attack, attacks, match, request, USAGE } from './attack.ts';
import {
  hex,
  latin1,
  matcher,
  packed,
  post,
  query,
  queryOf,
  readOf,
  READ_TYPE,
  writer,
} from './read-requests.ts';

const EQ = 0;
const RE = 2;
const DAY_MS = 86_400_000;
const job = matcher(EQ, 'job', 'project_usages');
const names = matcher(RE, '__name__', 'project_.*_usage');
const usage = queryOf(USAGE);
const good = packed(readOf(usage));

const read = (...queries: ProtobufWriter[]) => packed(readOf(...queries));
const readMatching = (...matchers: ProtobufWriter[]) => read(query(matchers));

/** Remote reads that ask for more than usage. */
const questions = attacks(
  'a remote read of more',
  [
    ['everything', ALL, read(queryOf('{__name__=~".+"}'))],
    ['no matcher', ALL, readMatching()],
    ['no query', ALL, packed(new Uint8Array())],
    ['no name', 'all of the job', readMatching(job)],
    ['no job', 'usage of other jobs', readMatching(names)],
    ['an empty job', 'series without a job', readMatching(matcher(EQ, 'job', ''), names)],
    ['a job by expression', 'other jobs', readMatching(matcher(RE, 'job', 'project_usages|node'), names)],
    ['another metric', 'whether targets are up', read(queryOf('up{job="project_usages"}'))],
    [
      'server hours',
      'sizes and states of servers',
      readMatching(job, names, matcher(EQ, '__name__', 'project_server_usage')),
    ],
    ['flavors', 'sizes of servers', read(queryOf('stackmeter_exporter_flavor_info{job="project_usages"}'))],
    ['a second query for everything', ALL, read(usage, queryOf('{__name__!=""}'))],
    ['a first query for everything', ALL, read(queryOf('{__name__!=""}'), usage)],
    ['an empty query behind', ALL, read(usage, writer())],
    ['eleven queries', 'memory', read(...Array.from({ length: 11 }, () => usage))],
    ['ten thousand queries', 'memory', read(...Array.from({ length: 10_000 }, () => writer()))],
    ['an escape from the brackets', ALL, readMatching(job, matcher(RE, '__name__', 'project_.*_usage)|(.*'))],
    [
      'an expression with flags',
      'others',
      readMatching(job, matcher(RE, '__name__', '(?i)project_.*_usage')),
    ],
    ['an expression of great cost', 'time', readMatching(job, names, matcher(RE, 'a', '(a{50}){50}'))],
    [
      'nested brackets',
      'the stack',
      readMatching(job, names, matcher(RE, 'a', `${'('.repeat(1020)}${')'.repeat(1020)}`)),
    ],
    ['an expression that is none', 'an error message', readMatching(job, names, matcher(RE, 'a', '('))],
    ['fifty-one matchers', 'memory', readMatching(...Array.from({ length: 51 }, () => job), names)],
    ['a long value', 'memory', readMatching(job, names, matcher(EQ, 'a', 'x'.repeat(2049)))],
    ['a long name of a label', 'memory', readMatching(job, names, matcher(EQ, 'x'.repeat(2049), 'a'))],
    ['a label without a name', ALL, readMatching(job, names, matcher(EQ, '', ''))],
    ['a name in capitals', 'other jobs', readMatching(matcher(EQ, 'JOB', 'project_usages'), names)],
    ['a value with a NUL', 'other jobs', readMatching(matcher(EQ, 'job', 'project_usages\0'), names)],
    ['400 days', 'the time of Prometheus', read(queryOf(USAGE, [0, 400 * DAY_MS]))],
    ['the beginning of time', 'the time of Prometheus', read(queryOf(USAGE, [-1, 5]))],
    ['an end before the beginning', 'an error message', read(queryOf(USAGE, [5, 4]))],
  ],
  (body) => post(body),
);

const TEN_YEARS = 10 * 365 * DAY_MS;
/** Remote reads in which two protobuf parsers might find different queries. */
const messages = attacks(
  'a remote read of two meanings',
  [
    ['a type that is not known', ALL, readMatching(matcher(4, 'job', 'project_usages'), names)],
    ['a type of 255', ALL, readMatching(matcher(255, 'job', 'project_usages'), names)],
    ['a negative type', ALL, readMatching(matcher(-1, 'job', 'project_usages'), names)],
    [
      'a type that wraps around to an equality',
      ALL,
      readMatching(matcher(2 ** 32, 'job', 'project_usages'), names),
    ],
    [
      'a type as text',
      ALL,
      readMatching(writer().text(1, '=').text(2, 'job').text(3, 'project_usages'), names),
    ],
    ['a type twice', ALL, readMatching(matcher(EQ, 'job', 'project_usages').int64(1, 1), names)],
    ['a label twice', ALL, readMatching(matcher(EQ, 'job', 'project_usages').text(2, 'x'), names)],
    [
      'a value twice',
      'node metrics',
      readMatching(matcher(EQ, 'job', 'project_usages').text(3, 'node'), names),
    ],
    ['an end twice', 'the time of Prometheus', read(queryOf(USAGE, [5, 6]).int64(2, TEN_YEARS))],
    ['a beginning twice', 'the time of Prometheus', read(queryOf(USAGE, [TEN_YEARS, TEN_YEARS]).int64(1, 0))],
    [
      'an end beyond all numbers',
      'the time of Prometheus',
      read(queryOf(USAGE).int64(2, Number.MAX_SAFE_INTEGER)),
    ],
    ['matchers in another field', ALL, read(query([job, names], [0, 1], 15))],
    ['matchers in the hints', ALL, read(query([job, names], [0, 1], 4))],
    ['matchers beside the query', ALL, packed(readOf(query([])).message(3, job).message(3, names))],
    ['a query in another field', ALL, packed(writer().message(9, usage))],
    ['a query as a number', ALL, packed(writer().int64(1, 5))],
    ['matchers as a group', ALL, hex('0a 04 1b 08 00 1c')],
    ['an unknown form', ALL, hex('0a 02 1f 00')],
    ['a field without a number', ALL, hex('02 00')],
    ['a message that ends too early', 'memory behind it', hex('0a 7f 08 00')],
    ['a matcher longer than its query', 'memory behind it', hex('0a 04 1a 7f 08 00 0a 00')],
    ['a length of 2^63', 'memory', hex('0a ff ff ff ff ff ff ff ff 7f')],
    ['a length of 4 GB', 'memory', hex('0a ff ff ff ff 0f')],
    ['a number of eleven bytes', 'the time of the gate', hex('08 ff ff ff ff ff ff ff ff ff ff 01')],
    ['a number without an end', 'memory behind it', hex('08 ff')],
    ['text that is not UTF-8', 'other jobs', hex('0a 0a 1a 08 12 03 6a 6f 62 1a 01 ff')],
    ['text with an over-long quote', 'other jobs', hex('0a 0b 1a 09 12 03 6a 6f 62 1a 02 c0 a2')],
    ['text with half a surrogate', 'other jobs', hex('0a 0c 1a 0a 12 03 6a 6f 62 1a 03 ed a0 80')],
  ],
  (body) => post(body),
);

/** Remote reads in an unusual compression. */
const blocks = attacks(
  'a remote read in another packing',
  [
    ['nothing', ALL, ''],
    ['not packed', ALL, latin1(readOf(usage).finish())],
    ['packed by gzip', ALL, latin1(gzipSync(readOf(usage).finish()))],
    ['packed as a stream', ALL, `\xff\x06\0\0sNaPpY${good}`],
    ['packed twice', ALL, packed(Buffer.from(good, 'latin1'))],
    ['bytes behind the block', 'a smuggled request', `${good}\0\0\0\0`],
    ['a block that ends too early', 'memory behind it', good.slice(0, -3)],
    ['a block of 4 GB', 'memory', '\xff\xff\xff\xff\x0f\0a'],
    ['a block of 300 kB in 15', 'memory', packed(new Uint8Array(300_000))],
    ['a length of ten bytes', 'memory', `${'\xff'.repeat(9)}\x01\0a`],
    ['a literal of negative length', 'the time of the gate', '\x0a\xfc\xfa\xff\xff\xff'],
    ['a copy from before the beginning', 'memory in front of it', '\x04\x0d\x08'],
    ['a copy from nowhere', 'memory', '\x05\0a\x01\0'],
    ['more than it says', 'memory behind it', '\x01\x0cabcd'],
    ['noise', 'the gate', '\x9a\x00\xff\x13\x37'.repeat(50)],
  ],
  (body) => post(body),
);

const typed = (type: string, coding = 'snappy') => `Content-Type: ${type}\r\nContent-Encoding: ${coding}\r\n`;
const heads = attacks(
  'a remote read with another head',
  [
    ['a form', ALL, post(match('up'), 'Content-Type: application/x-www-form-urlencoded\r\n')],
    ['a charset', ALL, post(good, typed('application/x-protobuf; charset=utf-16'))],
    [
      'another message',
      ALL,
      post(good, typed('application/x-protobuf;proto=io.prometheus.write.v2.Request')),
    ],
    ['another type', ALL, post(good, typed('application/json'))],
    ['another coding', ALL, post(good, typed('application/x-protobuf', 'gzip'))],
    ['two codings', ALL, post(good, typed('application/x-protobuf', 'gzip, snappy'))],
    ['no head', ALL, post(good, '')],
    ['a query behind the path', API, post(good, READ_TYPE, 'POST /api/v1/read?query=up HTTP/1.1')],
    ['a slash behind the path', API, post(good, READ_TYPE, 'POST /api/v1/read/ HTTP/1.1')],
    ['dots in the path', API, post(good, READ_TYPE, 'POST /api/v1/read/../query HTTP/1.1')],
    ['an encoded path', API, post(good, READ_TYPE, 'POST /api/v1/%72ead HTTP/1.1')],
    ['remote write', 'a change', post(good, READ_TYPE, 'POST /api/v1/write HTTP/1.1')],
    [
      'a query by form',
      API,
      post('query=up', 'Content-Type: application/x-www-form-urlencoded\r\n', 'POST /api/v1/query HTTP/1.1'),
    ],
    [
      'a deletion by form',
      'deletion',
      post(
        match('up'),
        'Content-Type: application/x-www-form-urlencoded\r\n',
        'POST /api/v1/admin/tsdb/delete_series HTTP/1.1',
      ),
    ],
    ['PUT', 'a change', post(good, READ_TYPE, 'PUT /api/v1/read HTTP/1.1')],
    ['an old version', 'a broken answer', post(good, READ_TYPE, 'POST /api/v1/read HTTP/1.0')],
    ['no token', 'the past', post(good).replace(/Authorization: .*\r\n/, '')],
    ['another token', 'the past', post(good).replace('{TOKEN}', 'x')],
    ['two tokens', 'the past', post(good, `${READ_TYPE}Authorization: Bearer {TOKEN}\r\n`)],
    [
      'chunks',
      'a smuggled request',
      request(
        'POST /api/v1/read HTTP/1.1',
        `${READ_TYPE}Transfer-Encoding: chunked\r\n`,
        `${good.length.toString(16)}\r\n${good}\r\n0\r\n\r\n`,
      ),
    ],
    ['both lengths', 'a smuggled request', post(good, `${READ_TYPE}Transfer-Encoding: chunked\r\n`)],
    ['two lengths', 'a smuggled request', post(good, `${READ_TYPE}Content-Length: 5\r\n`)],
    ['a body over the limit', 'memory', post('x'.repeat(65_537))],
    [
      'the announcement of a gigabyte',
      'memory',
      request('POST /api/v1/read HTTP/1.1', `${READ_TYPE}Content-Length: 1073741824\r\n`, good),
    ],
  ],
  (bytes) => bytes,
);

/** Remote reads with odd parts. A gate may ignore these parts and answer, but must not forward them. */
const ignorable = attacks(
  'a remote read with more than its query',
  [
    [
      'hints of another time',
      ALL,
      post(read(queryOf(USAGE).message(4, writer().int64(1, 60_000).text(2, 'sum').int64(3, 1).int64(4, 2)))),
    ],
    [
      'a field that is not known',
      ALL,
      post(packed(readOf(usage).message(99, writer().text(1, '{__name__=~".+"}')))),
    ],
    [
      'an unknown field in a matcher',
      ALL,
      post(readMatching(matcher(EQ, 'job', 'project_usages').text(9, 'x'), names)),
    ],
    [
      'a wrong label before the right one',
      ALL,
      post(
        readMatching(
          writer().text(2, 'x').message(9, writer()).int64(1, EQ).text(2, 'job').text(3, 'project_usages'),
          names,
        ),
      ),
    ],
    ['an answer of an unknown form', 'an unchecked answer', post(packed(readOf(usage).int64(2, 7)))],
    ['a list of 200,000 forms', 'memory', post(packed(readOf(usage).text(2, '\0'.repeat(200_000))))],
    ['another type behind the right one', ALL, post(good, `${READ_TYPE}Content-Type: text/plain\r\n`)],
    [
      'a request behind it',
      API,
      `${post(good).replace('Connection: close\r\n', '')}${request('GET /api/v1/query?query=up HTTP/1.1')}`,
    ],
    ['an expectation', 'a smuggled request', post(good, `${READ_TYPE}Expect: 100-continue\r\n`)],
    [
      'a version of the protocol',
      'another protocol',
      post(good, `${READ_TYPE}X-Prometheus-Remote-Read-Version: 9\r\n`),
    ],
  ],
  (bytes) => bytes,
  1,
);

export const remoteReads: Attack[] = [...questions, ...messages, ...blocks, ...heads, ...ignorable];
