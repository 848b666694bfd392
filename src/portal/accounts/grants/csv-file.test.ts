import { describe, expect, it } from 'vitest';
import { documentsOfCsv } from './csv-file.ts';

function read(text: string): unknown {
  try {
    return documentsOfCsv(text, 'f.csv');
  } catch (error) {
    return (error as Error).message;
  }
}

describe('a CSV of grants', () => {
  it('has rows with projects, allowances or both, and keeps parts without a column', () => {
    const csv =
      'grant,site,id,project_to,resource,amount,kind,reason\nclimate,a,p1,2026-07-01,vcpu,1000,initial,call 7\nclimate,b,p2,,,,,\nempty,,,,,,,\n';
    expect(read(csv)).toEqual({
      keep: ['title', 'account', 'from', 'to', 'people', 'labels'],
      file: {
        person: [],
        price_book: [],
        mark: [],
        account: [],
        grant: [
          {
            name: 'climate',
            projects: [
              { site: 'a', id: 'p1', to: '2026-07-01T00:00:00Z' },
              { site: 'b', id: 'p2' },
            ],
            people: [],
            labels: {},
            allowances: [{ resource: 'vcpu', amount: '1000', kind: 'initial', reason: 'call 7' }],
          },
          { name: 'empty', projects: [], people: [], labels: {}, allowances: [] },
        ],
      },
    });
  });

  it.each([
    ['', "f.csv:1: there is no column 'grant'; the first line names the columns"],
    ['grant,sit\n', "f.csv:1: unknown column 'sit'; did you mean 'site'?"],
    ['grant,site,site\n', "f.csv:1: the column 'site' is there twice; remove one"],
    ['grant,site\nx\n', 'f.csv:2: has 1 cells, and the first line has 2 columns'],
    ['grant,site,id\n,a,p\n', 'f.csv:2: grant: is empty; each row names its grant'],
    ['grant,title\nx,A\nx,B\n', "f.csv:3: title: is 'B', and an earlier row of grant 'x' says 'A'"],
    ['grant,site,id\nx,a,p\nx,a,\n', 'f.csv:3: id: missing; write the id of the project in OpenStack'],
    [
      'grant,site,id,project_from\nx,a,p,soon\n',
      'f.csv:2: project_from: must be a date or a time, such as 2026-01-31 or 2026-01-31T13:00Z',
    ],
    ['grant,from\nx,2026-13-01\n', 'f.csv:2: from: there is no 2026-13-01 in the calendar'],
    [
      'grant,resource,amount,kind,reason\nx,vcpu,1,gift,y\n',
      'f.csv:2: kind: must be "initial", "top-up" or "cut"',
    ],
  ])('with a fault is refused in one line: %j', (text, message) => {
    expect(read(text)).toBe(message);
  });
});
