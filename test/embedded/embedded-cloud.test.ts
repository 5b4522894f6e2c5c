import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createClock } from '../../embedded/clock.ts';
import type { EmbeddedCloud } from '../../embedded/embedded-cloud.ts';
import { startEmbeddedCloud } from '../../embedded/start-embedded-cloud.ts';

/** Starts and stops a cloud, to find ports that were just free. */
async function spareCloud(): Promise<EmbeddedCloud> {
  const cloud = await startEmbeddedCloud();
  await cloud.stop();
  return cloud;
}

describe('the clock of the embedded cloud', () => {
  it('stops, jumps and continues as told', () => {
    const clock = createClock(new Date('2026-03-01T00:00:00Z'));
    clock.stand();
    const stood = clock.now().getTime();
    clock.advance(1000);
    expect(clock.now().getTime() - stood).toBe(1000);
    clock.set(new Date('2025-01-01T00:00:00Z'));
    expect(clock.now().toISOString()).toBe('2025-01-01T00:00:00.000Z');
    clock.run();
    const from = performance.now();
    while (performance.now() - from < 3);
    expect(clock.now().getTime()).toBeGreaterThan(Date.parse('2025-01-01T00:00:00Z'));
  });
});

describe('the embedded cloud', () => {
  it('does not start, and leaves nothing running, if a port is taken', async () => {
    const first = await startEmbeddedCloud();
    const port = Number(new URL(first.vault.url).port);
    const free = Number(new URL((await spareCloud()).identity.url).port);
    await expect(startEmbeddedCloud({ ports: { identity: free, vault: port } })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
    await expect(fetch(`http://127.0.0.1:${free}/`)).rejects.toThrow('fetch failed');
    await first.stop();
  });

  it('imports nothing of the product, so that they cannot share a mistake', () => {
    const files = readdirSync('embedded', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
    expect(files.length).toBeGreaterThan(30);
    for (const file of files) {
      const imported = [...readFileSync(join('embedded', file), 'utf8').matchAll(/(?:from|import\()\s*'([^']+)'/g)];
      const outside = imported.map(([, path = '']) => path).filter((path) => path.includes('../src/'));
      expect({ file, outside }).toEqual({ file, outside: [] });
    }
  });
});
