import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { callCommand } from './call-command.ts';

let folder: string;
let environment: Record<string, string>;
const policyOf = (...names: readonly string[]) =>
  `format: 1\nsecrets:\n${names.map((name) => `  ${name}: { issuer: generated, validity: 90d }\n`).join('')}`;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keyturn-reload-'));
  environment = {
    KEYTURN_EMBEDDED: 'on',
    KEYTURN_VAULTS: 'http://localhost:9',
    KEYTURN_IDENTITY_KIND: 'managed-identity',
    KEYTURN_IDENTITY_ENDPOINT: 'http://127.0.0.1:9',
    KEYTURN_DATA: join(folder, 'data'),
    KEYTURN_POLICY: join(folder, 'keyturn.policy.yml'),
    KEYTURN_PORT: '0',
  };
  await writeFile(environment['KEYTURN_POLICY'] ?? '', policyOf('one'));
});
afterEach(async () => await rm(folder, { recursive: true, force: true }));

describe('SIGHUP', () => {
  it('makes a running service take up a changed policy at once, and one with mistakes not at all', async () => {
    const { PATH = '' } = process.env;
    const service = spawn(process.execPath, ['src/cli.ts', 'serve', '--json'], { env: { PATH, ...environment } });
    try {
      const lines = createInterface({ input: service.stderr })[Symbol.asyncIterator]();
      // A service that ends instead has no further line, so nothing here waits for ever.
      const line = async (says: string) => {
        for (let next = await lines.next(); next.done !== true; next = await lines.next())
          if (next.value.includes(says)) return next.value;
        throw new Error(`The service ended without the line: ${says}`);
      };
      await line('Listening on ');
      await writeFile(environment['KEYTURN_POLICY'] ?? '', policyOf('one', 'two', 'three'));
      service.kill('SIGHUP');
      expect(await line('is in force')).toContain('3 secrets are bound');
      await writeFile(environment['KEYTURN_POLICY'] ?? '', 'format: 1\nsecrets: nothing\n');
      service.kill('SIGHUP');
      expect(await line('has mistakes')).toContain('stays in force');
      service.kill('SIGTERM');
      expect(await once(service, 'exit')).toEqual([0, null]);
    } finally {
      service.kill('SIGKILL');
    }
  });

  it('to a service that is starting makes it look once it has started', async () => {
    const stop = new AbortController();
    const file = environment['KEYTURN_POLICY'] ?? '';
    const seen: string[] = [];
    let reload: () => void = () => undefined;
    const ended = callCommand(['serve', '--json'], {
      environment,
      onReload: (act) => {
        reload = act;
      },
      say: (text) => {
        seen.push(text);
        // Here it has read its policy, and has not gone on since it listens.
        if (text.includes('Listening on ')) {
          writeFileSync(file, policyOf('one', 'two'));
          reload();
        }
        if (text.includes('is in force')) stop.abort();
      },
      signal: stop.signal,
    });
    expect((await ended).code).toBe(0);
    expect(seen.filter((text) => text.includes('2 secrets are bound'))).toHaveLength(1);
  });
});
