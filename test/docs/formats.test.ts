import { hash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAuditRow } from '../../src/audit/parsing/parse-audit-row.ts';
import { slicesOf } from '../../src/audit/collection/slice.ts';
import { openEnvelope, signatureHolds } from '../../src/evidence/pack/dsse-envelope.ts';
import { manifestShape, statementShape } from '../../src/evidence/pack/pack-statement.ts';
import { parseJobStamp } from '../../src/provenance/job-stamp.ts';
import { parseReceipt } from '../../src/provenance/parse-receipt.ts';
import { parseReceiptLine } from '../../src/provenance/receipt-line.ts';
import { parseAttemptId } from '../../src/rotation/rotation-id.ts';
import { canonicalEntry } from '../../src/rotation/journal/target-journal.ts';
import { parseJournalEntry } from '../../src/rotation/journal/journal-entry.ts';
import { loadFetchConfiguration } from '../../src/runner/configuration/load-fetch-configuration.ts';
import { parseFetchConfiguration } from '../../src/runner/configuration/parse-fetch-configuration.ts';
import { parseManifest } from '../../src/runner/configuration/manifest.ts';
import { parsePolicy } from '../../src/secrets/parse-policy.ts';
import { memoryRecordStore } from '../memory-record-store.ts';
import { recomputedId } from '../evidence/pack-row-faults.ts';
import * as examples from './format-examples.ts';
import * as packs from './pack-examples.ts';
import * as rotations from './rotation-examples.ts';
import { codeIn, fenced, heldBlock } from './held-block.ts';

/** The example of this name as the page has it, once it is shown to be what the code gives. */
function example(name: string, language: string, code: string): string {
  return codeIn(heldBlock('docs/formats.md', name, fenced(language, code)));
}

const pretty = (value: unknown) => JSON.stringify(value, null, 2);
const period = { from: new Date('2026-03-09T00:00:00Z'), to: new Date('2026-03-10T00:00:00Z') };

describe('docs/formats.md', () => {
  it('shows a rotation id that follows from the inputs beside it', () => {
    const { vaultUrl, name, version } = examples.from;
    const text = example('rotation-id', 'text', `${vaultUrl}\n${name}\n${version}\n\n→ ${examples.rotationId}`);
    const id = text.split('→ ')[1] ?? '';
    expect(parseAttemptId(`${id}.1`)).toEqual({ rotationId: id, attempt: 1 });
  });

  it('shows a policy that the parser takes', () => {
    const text = example('policy', 'yaml', examples.policyText);
    const policy = parsePolicy(text, 'keyturn.policy.yml', [examples.vault]);
    expect([...policy.secrets.keys()]).toEqual(['kv-prod/deploy-token']);
  });

  it('shows the tags of a published version', () => {
    const tags = JSON.parse(example('tags', 'json', pretty(rotations.tags()))) as Record<string, string>;
    expect(parseAttemptId(tags['rotation-id'])).not.toBeNull();
    expect(tags['owner']).toBe('shop-team');
  });

  it('shows journal entries that form a chain', async () => {
    const text = example('journal', 'json', await rotations.journalLines());
    const [first, second] = text.split('\n').map((line) => parseJournalEntry(Buffer.from(line), 'docs'));
    expect(first?.previous).toBeNull();
    expect(first && hash('sha256', canonicalEntry(first))).toBe(second?.previous);
  });

  it('shows a stamp that the parser takes, within its length', () => {
    const text = example('stamp', 'text', examples.stamp);
    expect(parseJobStamp(text)).toMatchObject({ ...examples.receipt.job, nonce: examples.receipt.nonce });
    expect(text.length).toBeLessThanOrEqual(120);
  });

  it('shows a receipt that the parser takes, bare, as a line and as it is kept', async () => {
    const bare = example('receipt', 'json', pretty(examples.receipt));
    const line = example('receipt-line', 'text', examples.receiptLine);
    const kept = example('posted-receipt', 'json', (await examples.postedReceipt()).text);
    expect(parseReceipt(JSON.parse(bare))).toEqual(examples.receipt);
    expect(parseReceiptLine(line)).toEqual(examples.receipt);
    expect(parseReceipt((JSON.parse(kept) as { receipt: unknown }).receipt)).toEqual(examples.receipt);
  });

  it('shows a slice that is read back from the path beside it', async () => {
    const { path, text } = await examples.slice();
    const shown = example('slice', 'json', text);
    const records = memoryRecordStore();
    await records.create(path, Buffer.from(`${shown}\n`));
    const rows: unknown[] = [];
    for await (const slice of slicesOf(records, period)) rows.push(...slice.rows);
    expect(rows).toHaveLength(1);
    expect(parseAuditRow(rows[0], 'docs')).toMatchObject({ outcome: 'parsed', retrieval: { kind: 'read' } });
  });

  it('shows the line that the row, the job and the receipt of the page give', async () => {
    example('job', 'json', pretty(examples.job));
    const line: unknown = JSON.parse(example('attribution', 'json', await examples.attributedLine()));
    expect(line).toMatchObject({ grade: 'authenticated', reason: 'receipt-posted', job: 'acme/shop 41/52.1' });
  });

  it('shows the line of a pack that an audit of its records gives', async () => {
    const line: unknown = JSON.parse(example('retrieval', 'json', await examples.retrievalLine()));
    expect(line).toMatchObject({ format: 1, kind: 'read', grade: 'authenticated', job: examples.job });
    expect(line).toMatchObject({ id: recomputedId(line as Parameters<typeof recomputedId>[0]) });
  });

  it('shows a finding with the id of its first event', () => {
    const shown: unknown = JSON.parse(example('finding', 'json', pretty(packs.finding())));
    expect(shown).toEqual(packs.finding());
  });

  it('shows a manifest, a statement and a seal that holds over it', async () => {
    const manifest: unknown = JSON.parse(example('manifest', 'json', pretty(packs.packManifest)));
    const statement: unknown = JSON.parse(example('statement', 'json', pretty(packs.statement)));
    const sealed = openEnvelope(Buffer.from(`${example('envelope', 'json', await packs.envelope())}\n`));
    expect(manifestShape.parse(manifest)).toEqual(packs.packManifest);
    expect(sealed && signatureHolds(sealed, packs.publicKey)).toBe(true);
    expect(JSON.parse(Buffer.from(sealed?.payload ?? []).toString('utf8'))).toEqual(statementShape.parse(statement));
  });

  it('shows a fetch configuration that the parser takes', async () => {
    const text = example('fetch-configuration', 'json', pretty(examples.fetchConfiguration));
    expect(parseFetchConfiguration('fetch.json', text)).toMatchObject({ gitea: examples.gitea, names: 'auto' });
    await refusesUnlessRoots(text);
  });

  it('shows a manifest of secrets that the parser takes', async () => {
    const { requests } = await parseManifest(example('fetch-manifest', 'yaml', examples.manifestText));
    expect(requests.map(({ target }) => target.kind)).toEqual(['environment', 'file', 'descriptor']);
  });
});

/** Anybody's file that leads off this machine is refused where the environment names it. */
async function refusesUnlessRoots(text: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'keyturn-docs-'));
  try {
    const file = join(folder, 'fetch.json');
    await writeFile(file, text);
    const load = () => loadFetchConfiguration({ KEYTURN_FETCH_CONFIGURATION: file }, join(folder, 'none.json'));
    expect(load).toThrowError(expect.objectContaining({ code: 'FETCH_CONFIGURATION_UNTRUSTED' }) as Error);
  } finally {
    await rm(folder, { recursive: true });
  }
}
