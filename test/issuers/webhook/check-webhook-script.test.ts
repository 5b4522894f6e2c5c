import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type EndpointFaults, webhookEndpoint } from '../webhook-endpoint.ts';

const key = `whsec_${randomBytes(24).toString('base64')}`;
const words = ['--target', 'contract-check', '--principal', 'svc-orders'];
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'keyturn-check-'));
  await writeFile(join(directory, 'key.txt'), `${key}\n`, { mode: 0o600 });
});
afterAll(async () => await rm(directory, { recursive: true }));

/** Called as in docs/issuers.md, in its own process. */
async function run(args: readonly string[]): Promise<{ code: number; out: string; errors: string }> {
  return await new Promise((resolve) => {
    execFile(process.execPath, ['scripts/check-webhook.mjs', ...args], (error, out, errors) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, errors });
    });
  });
}

async function checked(more: readonly string[], faults: EndpointFaults = {}) {
  const endpoint = await webhookEndpoint(key, 'contract-check', faults);
  const keyFile = ['--key-file', join(directory, 'key.txt')];
  const result = await run([endpoint.url, ...words, ...keyFile, '--network', 'loopback', ...more]);
  await endpoint.stop();
  return { ...result, left: endpoint.credentials };
}

it.each([[[]], [['--minted']]])(
  'passes an endpoint that keeps the protocol, and leaves nothing there (%s)',
  async (more) => {
    const { code, out, errors, left } = await checked(more);
    expect(errors).toBe('');
    expect(code).toBe(0);
    expect(out).not.toContain('FAILED');
    expect(out.split('\n').filter((line) => line.startsWith('ok    ')).length).toBeGreaterThan(8);
    expect(left).toEqual([]);
    expect(out).not.toContain(key);
  },
);

it("fails an endpoint that accepts unsigned requests, with exit code 1 and the check's sentence", async () => {
  const { code, out } = await checked([], { ignoresSignature: true });
  expect(code).toBe(1);
  expect(out).toMatch(/^FAILED refuses a request that another key signed/m);
});

it('prints its usage, with exit code 2, if an argument is missing, unknown or invalid', async () => {
  const keyFile = join(directory, 'key.txt');
  for (const args of [
    [],
    ['https://rotate.example.com/keyturn', ...words],
    ['https://rotate.example.com/keyturn', ...words, '--key-file', keyFile, '--network', 'moon'],
    ['https://rotate.example.com/keyturn', ...words, '--key-file', keyFile, '--unknown'],
    ['https://rotate.example.com/keyturn', ...words, '--key-file', join(directory, 'none.txt')],
    ['not an address', ...words, '--key-file', keyFile],
  ]) {
    const { code, errors } = await run(args);
    expect({ code, args }).toEqual({ code: 2, args });
    expect(errors).toContain('node scripts/check-webhook.mjs URL');
    expect(errors).not.toContain('    at ');
  }
});
