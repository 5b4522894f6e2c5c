import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { identifyPdf } from '../../../src/evidence/render/identify-pdf.ts';
import { renderPdf } from '../../../src/evidence/render/render-pdf.ts';
import { sampleCommand } from '../../../src/evidence/report/draw-sample.ts';
import type { ReportModel } from '../../../src/evidence/report/report-model.ts';
import { skipUnless } from '../../skip-unless.ts';
import { modelOfStory } from '../model.ts';
import { readPdf, type ReadPdf } from './pdf-reader.ts';

const poppler = skipUnless(
  spawnSync('pdftotext', ['-v']).error === undefined,
  'pdftotext is not installed (package poppler-utils)',
);
const attachments = { 'data-manifest.json': Buffer.from('{}\n'), 'findings.ndjson': Buffer.from('{}\n') };

let folder: string;
let model: ReportModel;
let bytes: Uint8Array;
let pdf: ReadPdf;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keyturn-pdf-'));
  model = await modelOfStory();
  bytes = await renderPdf(model, attachments);
  pdf = readPdf(bytes);
  await writeFile(join(folder, 'report.pdf'), bytes);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The text that a reader copies, line by line. */
const copied = (...options: readonly string[]) =>
  execFileSync('pdftotext', [...options, join(folder, 'report.pdf'), '-'], { encoding: 'utf8' });

describe('what a reader copies from the PDF', () => {
  it('has no character that cannot be seen', poppler, () => {
    expect([...copied().matchAll(/[\p{Cf}\p{Co}\u00AD]/gu)].length).toBe(0);
  });

  it('has each fingerprint, digest and command in one piece, as it is', poppler, () => {
    const lines = copied('-layout');
    for (const { value, exact } of model.identity) if (exact) expect(lines).toContain(value);
    expect(lines).toContain(model.dataManifestSha256);
    expect(lines).toContain('keyturn verify PACK --trust FINGERPRINT');
    for (const { sha256 } of [...model.files, ...model.provenance.queries]) expect(lines).toContain(sha256);
    for (const line of sampleCommand(['retrievals.ndjson']).split('\n')) expect(lines).toContain(line);
  });

  it(
    'has the id and the correlation id of each read that it shows, and the id of each exception and rotation',
    poppler,
    () => {
      const lines = copied('-layout');
      for (const { id, correlationId } of model.reads.all.rows) {
        expect(lines).toContain(id);
        expect(lines).toContain(correlationId);
      }
      for (const { id } of [...model.exceptions.listed.rows, ...model.rotations.listed.rows])
        expect(lines).toContain(id);
    },
  );
});

describe('a long name on paper', () => {
  it('breaks within its column, and copies without a blank where it does not break', poppler, () => {
    expect(copied('-layout')).not.toMatch(/kv-prod\/ |kv-prod\/[a-z]+- [a-z]/);
    const subject = '6f2c1a90-0000-4000-8000-000000000009';
    // In one line it would stand over the next column.
    expect(copied('-layout')).not.toContain(subject);
  });

  it('has the owner and the frequency of a control apart', poppler, () => {
    expect(copied().replaceAll('\n', ' ')).toContain('head of security; each change, twice a day');
  });
});

describe('the form of the PDF, as our own reader sees it', () => {
  it('begins its headings with the first level, and leaves out no level', () => {
    const levels = pdf.tags.filter((tag) => /^H\d$/.test(tag)).map((tag) => Number(tag.slice(1)));
    expect(levels[0]).toBe(1);
    for (const [index, level] of levels.entries()) expect(level - (levels[index - 1] ?? 0)).toBeLessThanOrEqual(1);
  });

  it('shows the title of the document instead of the name of the file', () => {
    expect(pdf.catalog).toContain('/DisplayDocTitle true');
    expect(pdf.metadata).toContain('Acme Industries: evidence of secret access, 2026-10-01 to 2026-10-30</rdf:li>');
  });

  it('carries the identifiers of PDF/UA-1 and PDF/A-3a, and describes the schema that PDF/A does not know', () => {
    expect(pdf.metadata).toContain('<pdfuaid:part>1</pdfuaid:part>');
    expect(pdf.metadata).toMatch(/<pdfaid:part>3<\/pdfaid:part>\s*<pdfaid:conformance>A<\/pdfaid:conformance>/);
    expect(pdf.metadata).toContain('<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>');
    expect(pdf.metadata.match(/xmlns:pdfuaid=/g)).toHaveLength(1);
  });

  it('is tagged, in English, with its fonts and its colours inside, and nothing encrypted', () => {
    expect(pdf.catalog).toMatch(/\/MarkInfo <<\s*\/Marked true/);
    expect(pdf.catalog).toContain('/Lang (en)');
    expect(pdf.catalog).toMatch(/\/OutputIntents \d+ 0 R/);
    const text = Buffer.from(bytes).toString('latin1');
    const [fonts, embedded] = [text.match(/\/Type \/FontDescriptor/g), text.match(/\/FontFile[23]? \d+ 0 R/g)];
    expect(fonts?.length).toBeGreaterThan(0);
    expect(embedded?.length).toBe(fonts?.length);
    expect(text).not.toMatch(/\/Encrypt \d+ 0 R/);
    expect(pdf.tags).toContain('Figure');
    expect(pdf.tags).toContain('TH');
  });

  it('refuses to add identifiers to a file of another form', () => {
    expect(() => identifyPdf(Buffer.from('%PDF-1.7\n'))).toThrow(expect.objectContaining({ code: 'PDF_NOT_RENDERED' }));
    expect(() => identifyPdf(bytes.slice(0, -10))).toThrow(expect.objectContaining({ code: 'PDF_NOT_RENDERED' }));
  });
});
