import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { rowFile } from '../../src/evidence/pack/row-file.ts';
import { type DataManifest, dataManifestShape } from '../../src/evidence/pack/pack-statement.ts';
import { producePack } from '../../src/evidence/produce-pack.ts';
import { canonicalJson, type JsonValue } from '../../src/provenance/canonical-json.ts';
import { orderOf } from '../evidence/order.ts';
import { packRowFaults, rowsOfPack, shapesOfRows as shapes } from '../evidence/pack-row-faults.ts';
import { packRowShapes } from '../evidence/pack-row-shapes.ts';
import { fenced, heldBlock, markdownTable } from './held-block.ts';
import * as packs from './pack-examples.ts';
import { packRowExamples } from './pack-row-examples.ts';

const page = 'docs/formats.md';
/** Files whose rows have a section of their own on the page. */
const elsewhere = ['retrievals', 'jobs', 'journal-entries'];

let pack: string;
beforeAll(async () => {
  pack = await mkdtemp(join(tmpdir(), 'keyturn-rows-'));
  await producePack(orderOf({ out: pack }));
});
afterAll(() => rm(pack, { recursive: true, force: true }));

const canonical = (value: unknown): string => canonicalJson(value as JsonValue);

describe('the rows of a pack, in docs/formats.md', () => {
  it('are described for every file that a pack holds', () => {
    const names = [...rowsOfPack(pack).keys()];
    const described = [...shapes.keys(), 'journal-entries'].filter((name) => name !== 'read-changes');
    expect(names.sort()).toEqual(described.sort());
  });

  it('have the members that the page names, and no others', () => {
    expect(packRowFaults(pack)).toEqual([]);
  });

  it('are shown with their members and an example that has them', () => {
    const parts = [...shapes].flatMap(([name, shape]) => {
      if (elsewhere.includes(name)) return [];
      const example = packRowExamples[name];
      if (name !== 'staging-reads' && name !== 'sensitive-operations')
        expect([name, shape.safeParse(example).error?.issues ?? []]).toEqual([name, []]);
      const members = Object.entries(shape.shape).map(([member, about]) => [
        `\`${member}\``,
        (about as z.ZodType).description ?? '',
      ]);
      expect(members.filter(([, contents]) => contents === '')).toEqual([]);
      const title = `#### \`${name}.ndjson\`\n\n`;
      if (shape === packRowShapes.refusals && name !== 'refusals') return [`${title}As \`refusals.ndjson\`.\n`];
      const table = markdownTable(['member', 'contents'], members);
      return [`${title}${table}\n${fenced('json', canonical(example))}`];
    });
    heldBlock(page, 'pack-rows', parts.join('\n'));
  });

  it('are the columns of tables', () => {
    const tables = readdirSync(pack).filter((file) => file.endsWith('.csv'));
    const header = (file: string): string => readFileSync(join(pack, file), 'utf8').split('\n')[0] ?? '';
    const rows = tables.sort().map((file) => [
      `\`${file}\``,
      header(file)
        .split(',')
        .map((one) => `\`${one}\``)
        .join(', '),
    ]);
    heldBlock(page, 'pack-tables', markdownTable(['file', 'columns'], rows));
  });

  it('have digests that anybody can recompute from the lines', async () => {
    const lines = [packRowExamples['exclusions'], packRowExamples['exclusions']].map(canonical);
    const file = rowFile(
      { write: () => Promise.resolve() },
      { name: 'exclusions', extension: 'ndjson', description: 'Rows' },
    );
    for (const line of lines) await file.add(line);
    const { statement, packManifest } = packs;
    const { organisation, period, frameworks, createdAt } = statement.predicate;
    const manifest: DataManifest = {
      format: 1,
      pack: packManifest.pack,
      organisation,
      period,
      frameworks,
      createdAt,
      synthetic: false,
      status: 'final',
      files: (await file.close()).map((one) => ({ ...one, rowDigests: [...one.rowDigests] })),
    };
    heldBlock(page, 'data-manifest', fenced('json', JSON.stringify(manifest, null, 2)));
    const [entry] = dataManifestShape.parse(manifest).files;
    const digestOf = (line: string) => createHash('sha256').update(`${line}\n`).digest('hex').slice(0, 16);
    expect(entry?.rowDigests).toEqual(lines.map(digestOf));
  });
});
