import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callCommand } from '../commands/call-command.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'keyturn-special-'));
  execFileSync('/bin/sh', ['-c', 'mkfifo "$0"', join(directory, 'pipe')]);
  await writeFile(join(directory, 'policy.yml'), 'format: 1\n');
  await writeFile(join(directory, 'rows.ndjson'), '');
});
afterAll(async () => await rm(directory, { recursive: true }));

const report = ['report', '--period', '2026-01', '--out', 'out', '--retrievals'];

describe('a file that a person names', () => {
  it.each(['pipe', '/dev/zero', '.'])('is refused in one sentence if it is no regular file: %s', async (file) => {
    const calls = [
      ['policy', 'check', file],
      ['policy', 'diff', file, 'policy.yml'],
      ['policy', 'diff', 'policy.yml', file],
      [...report, 'rows.ndjson', '--controls', file],
    ];
    for (const words of calls) {
      const { code, said } = await callCommand(words, { directory });
      expect([words.join(' '), code]).toEqual([words.join(' '), expect.toSatisfy((found) => found !== 0)]);
      expect(said.join('\n')).toContain('is not a regular file');
      expect(said.join('\n')).not.toContain('does not know');
    }
  });

  it('is refused as rows, jobs or receipts if it is a device, which may never end', async () => {
    const attribute = (...words: string[]) => ['attribute', ...words];
    const calls = [
      attribute('--retrievals', '/dev/zero', '--jobs', 'rows.ndjson', '--receipts', 'rows.ndjson'),
      attribute('--retrievals', 'rows.ndjson', '--jobs', '/dev/zero', '--receipts', 'rows.ndjson'),
      attribute('--retrievals', 'rows.ndjson', '--jobs', 'rows.ndjson', '--receipts', '/dev/zero'),
      [...report, '/dev/zero'],
      [...report, 'rows.ndjson', '--jobs', '/dev/zero'],
    ];
    for (const words of calls) {
      const { code, said } = await callCommand(words, { directory });
      expect([words.join(' '), code]).toEqual([words.join(' '), 3]);
      expect(said.join('\n')).toContain('it is a device or a socket');
    }
  });
});
