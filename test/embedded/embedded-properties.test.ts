import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatTime, fromUnix, parseTime } from '../../embedded/azure/kusto/kusto-time.ts';
import { KustoTime } from '../../embedded/azure/kusto/kusto-value.ts';
import { createClock } from '../../embedded/clock.ts';
import type { EmbeddedCloud } from '../../embedded/embedded-cloud.ts';
import { startEmbeddedCloud } from '../../embedded/start-embedded-cloud.ts';

let cloud: EmbeddedCloud;
let token: string;

beforeAll(async () => {
  cloud = await startEmbeddedCloud({ clock: createClock(new Date('2026-03-01T00:00:00Z')) });
  const reader = cloud.identity.define({ name: 'reader', kind: 'managed-identity', address: '203.0.113.1' });
  cloud.vault.grant(reader, ['list', 'get', 'set']);
  token = cloud.identity.tokenFor(reader, 'https://vault.azure.net');
});

afterAll(() => cloud.stop());

interface Page {
  readonly value: readonly { readonly id: string }[];
  readonly nextLink: string | null;
}

async function ask(url: string, init: RequestInit = {}): Promise<unknown> {
  return (await fetch(url, { ...init, headers: { Authorization: `Bearer ${token}` } })).json();
}

// fast-check prints the seed of a failed run.
describe('for any numbers', () => {
  it('pages of any size contain every version once', async () => {
    let names = 0;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 25 }), async (count, size) => {
        names += 1;
        const name = `secret-${names}`;
        const made = Array.from({ length: count }, (_, index) => cloud.vault.seed({ name, value: `v${index}` }));
        const listed: string[] = [];
        let next: string | null = `${cloud.vault.url}/secrets/${name}/versions?api-version=7.5&maxresults=${size}`;
        while (next) {
          const page = (await ask(next)) as Page;
          expect(page.value.length).toBeLessThanOrEqual(size);
          listed.push(...page.value.map(({ id }) => id.split('/').at(-1) ?? ''));
          next = page.nextLink;
        }
        expect(listed.toSorted()).toEqual(made.toSorted());
      }),
      { numRuns: 25 },
    );
  });

  it('tags and values round-trip', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'grapheme', maxLength: 200 }),
        fc.dictionary(fc.string({ minLength: 1, maxLength: 20 }), fc.string({ unit: 'grapheme', maxLength: 40 }), {
          maxKeys: 15,
          noNullPrototype: true,
        }),
        async (value, tags) => {
          const url = `${cloud.vault.url}/secrets/round-trip?api-version=7.5`;
          await ask(url, { method: 'PUT', body: JSON.stringify({ value, tags }) });
          expect(await ask(url)).toMatchObject({ value, tags });
        },
      ),
      { numRuns: 50 },
    );
  });

  it('times round-trip', () => {
    const from = fromUnix(Date.UTC(1971, 0, 1)).ticks;
    const to = fromUnix(Date.UTC(2100, 0, 1)).ticks;
    fc.assert(
      fc.property(fc.bigInt({ min: from, max: to }), (ticks) => {
        expect(parseTime(formatTime(new KustoTime(ticks)))?.ticks).toBe(ticks);
      }),
    );
  });
});
