import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, describe, expect, it } from 'vitest';
import { buildAction, buildHelper } from './fetch-world.ts';

const directory = mkdtempSync(join(tmpdir(), 'bundle-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('on another system than Linux', () => {
  it.each(['win32', 'darwin'])('refuses to start on %s, in one sentence that says what works', async (platform) => {
    const folder = mkdtempSync(join(tmpdir(), 'platform-'));
    const helper = await buildHelper(folder);
    const script = `Object.defineProperty(process, 'platform', { value: '${platform}' }); require('${helper}')`;
    const { status, stderr } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    const sentence = 'runs on Linux only; on Windows use WSL 2, on macOS a container or a virtual machine with Linux';
    expect([status, stderr]).toEqual([2, `keyturn-fetch: ${sentence}\n`]);
  });

  it('refuses as an action too, before it puts anything on the PATH', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'platform-'));
    const { main } = await buildAction(folder);
    const script = `Object.defineProperty(process, 'platform', { value: 'win32' }); await import('${main}')`;
    const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      env: { RUNNER_TEMP: folder },
    });
    const installed = existsSync(join(folder, 'keyturn-bin'));
    rmSync(folder, { recursive: true });
    expect([status, stderr, installed]).toEqual([2, expect.stringContaining('runs on Linux only'), false]);
  });
});

describe('the bundle of the helper', () => {
  it('is the same bytes twice, and within its budget of 600 KB', async () => {
    const first = readFileSync(await buildHelper(directory));
    const second = readFileSync(await buildHelper(directory));
    expect(first.equals(second)).toBe(true);
    expect(first.length).toBeLessThanOrEqual(600 * 1024);
  });

  it.each(['main', 'action/action-main', 'action/action-post'])(
    'contains nothing of the service: %s',
    async (entry) => {
      const { metafile } = await build({
        entryPoints: [`src/runner/${entry}.ts`],
        bundle: true,
        platform: 'node',
        format: 'esm',
        metafile: true,
        write: false,
      });
      const allowed =
        /^(src\/(runner|command-line|mcp|provenance|secrets|faults)\/|src\/service-error\.ts$|node_modules\/(yaml|commander)\/)/;
      expect(Object.keys(metafile.inputs).filter((path) => !allowed.test(path))).toEqual([]);
    },
  );
});
