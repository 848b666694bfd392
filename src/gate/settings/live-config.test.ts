import { describe, expect, it } from 'vitest';
import type { GateConfig } from './config.ts';
import { checkLiveConfig } from './live-config.ts';
import type { TokenTable } from '../tokens/token-table.ts';

describe('checkLiveConfig', () => {
  const NOW = Date.UTC(2026, 0, 1);
  const token = { name: 'a', hash: Buffer.alloc(32), selectors: undefined, dropLabels: [], limits: {} };
  const problemOf = async (more: Partial<TokenTable>, config: Partial<GateConfig> = {}) =>
    await checkLiveConfig(
      {
        listen: { host: '127.0.0.1', port: 0 },
        source: { kind: 'exporter', url: new URL('http://127.0.0.1:1') },
        tokens: [
          {
            ...token,
            expiresMs: undefined,
            hashLabels: [],
            addresses: undefined,
            certificate: undefined,
            ...more,
          },
        ],
        ...config,
      },
      NOW,
    ).then(
      () => 'nothing',
      (error: Error) => error.message,
    );

  it('refuses a gate that could not serve: no valid token, no hash key, no client CA', async () => {
    expect([
      await problemOf({}),
      await problemOf({ expiresMs: NOW }),
      await problemOf({ hashLabels: ['project_name'] }),
      await problemOf({ hashLabels: ['project_name'] }, { hashKeyFile: '/nonexistent/key' }),
      await problemOf({ certificate: { commonName: 'portal' } }),
    ]).toEqual([
      'nothing',
      expect.stringContaining('every token has expired'),
      expect.stringContaining('hash_labels needs --hash-key-file'),
      expect.stringContaining('/nonexistent/key'),
      expect.stringContaining('give --tls-client-ca FILE'),
    ]);
  });
});
