import { describe, expect, it } from 'vitest';
import { preferredAccount } from './server-account.ts';

const PASSWD = 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65533:nobody:/:/bin/false\n';

describe('the account that runs the server for root', () => {
  it('is postgres if there is one, otherwise nobody', () => {
    expect(preferredAccount(PASSWD)).toEqual({ uid: 65_534, gid: 65_533 });
    expect(preferredAccount(`${PASSWD}postgres:x:101:104::/:/bin/sh\n`)).toEqual({ uid: 101, gid: 104 });
  });

  it('is asked for if there is neither', () => {
    expect(() => preferredAccount('root:x:0:0:root:/root:/bin/sh\n')).toThrow(
      /start as another user, or set DATABASE_URL$/,
    );
  });
});
