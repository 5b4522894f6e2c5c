import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Grade, gradeGroups } from '../../src/audit/model/attribution.ts';
import { readControlCatalogue } from '../../src/evidence/report/control-catalogue.ts';
import { drawSample, sampleCommand } from '../../src/evidence/report/draw-sample.ts';
import { exportPack, listPacks, packFiles, readPackFile } from '../../src/evidence/pack/pack-archive.ts';
import { producePack } from '../../src/evidence/produce-pack.ts';
import { verifyPack } from '../../src/evidence/verify/verify-pack.ts';
import { countText } from '../../src/evidence/report/wording.ts';
import { skipUnless } from '../skip-unless.ts';
import { memoryRecords } from './memory-records.ts';
import { orderOf } from './order.ts';
import { auditStory, auditedStory } from './story.ts';

/** As Handlebars escapes text. */
const handlebarsText = (words: string): string =>
  words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll("'", '&#x27;').replaceAll('"', '&quot;');

let folder: string;
let pack: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keyturn-pack-'));
  pack = join(folder, 'pack');
  await producePack(orderOf({ out: pack }));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const text = async (file: string): Promise<string> => await readFile(join(pack, file), 'utf8');
const rows = async (file: string): Promise<readonly string[]> => (await text(file)).trimEnd().split('\n');
const python = skipUnless(spawnSync('python3', ['--version']).error === undefined, 'python3 is not installed');
const poppler = skipUnless(
  spawnSync('pdftotext', ['-v']).error === undefined,
  'pdftotext is not installed (package poppler-utils)',
);

describe('SHA256SUMS', () => {
  it('is checked by sha256sum, and names every file but itself and the seal', async () => {
    const told = execFileSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: pack, encoding: 'utf8' });
    const checked = told.trimEnd().split('\n');
    expect(checked.filter((line) => !line.endsWith(': OK'))).toEqual([]);
    const entries = await readdir(pack, { recursive: true, withFileTypes: true });
    expect(checked).toHaveLength(entries.filter((entry) => entry.isFile()).length - 2);
  });

  it('is part of what the seal seals', async () => {
    const { payload } = JSON.parse(await text('pack.dsse.json')) as { payload: string };
    const statement = JSON.parse(Buffer.from(payload, 'base64').toString()) as { subject: { name: string }[] };
    expect(statement.subject.at(-1)?.name).toBe('SHA256SUMS');
  });
});

describe('the formats of one pack', () => {
  const { expected } = auditedStory();
  const grades = [...expected];
  const sumOf = (members: readonly Grade[]) => members.reduce((sum, grade) => sum + (expected.get(grade) ?? 0), 0);
  const strengths = [
    ...gradeGroups['tied to a job'].map((grade) => [grade, sumOf([grade])] as const),
    ['explained otherwise', sumOf(gradeGroups['explained otherwise'])] as const,
    ['by a person', sumOf(['person'])] as const,
    ['claimed', sumOf(['claimed'])] as const,
    ['not tied', sumOf(['ambiguous', 'unattributed'])] as const,
    ['suspicious', sumOf(gradeGroups.suspicious)] as const,
  ];

  it('count the reads of every grade alike: NDJSON and CSV', async () => {
    const lines = (await rows('retrievals.ndjson')).map((row) => (JSON.parse(row) as { grade: Grade }).grade);
    const [header = '', ...table] = await rows('retrievals.csv');
    const column = header.split(',').indexOf('grade');
    const cells = table.map((row) => row.split(',')[column]);
    for (const [grade, count] of grades) {
      expect([grade, lines.filter((one) => one === grade).length, cells.filter((one) => one === grade).length]).toEqual(
        [grade, count, count],
      );
    }
    expect([lines.length, table.length]).toEqual([400, 400]);
  });

  it('count them alike in OSCAL and in the statement', async () => {
    const oscal = JSON.parse(await text('oscal-assessment-results.json')) as {
      'assessment-results': {
        results: [
          { props: { name: string; value: string }[]; findings: { props: { name: string; value: string }[] }[] },
        ];
      };
    };
    const [result] = oscal['assessment-results'].results;
    const property = (name: string): string | undefined => result.props.find((one) => one.name === name)?.value;
    for (const [grade, count] of grades) expect(property(`reads-${grade}`)).toBe(String(count));
    const exceptions = result.findings.filter(({ props }) => props.some(({ value }) => value === 'exception'));
    expect([property('reads'), property('exceptions'), exceptions.length]).toEqual(['400', '9', 9]);
    const { payload } = JSON.parse(await text('pack.dsse.json')) as { payload: string };
    const { predicate } = JSON.parse(Buffer.from(payload, 'base64').toString()) as {
      predicate: { reads: unknown; findings: number };
    };
    expect(predicate).toMatchObject({ reads: { total: 400, grades: Object.fromEntries(grades) }, findings: 9 });
  });

  it('count the tests alike: the deviations file, OSCAL, HTML', async () => {
    const lines = (await rows('deviations.ndjson')).map((row) => (JSON.parse(row) as { test: string }).test);
    const oscal = JSON.parse(await text('oscal-assessment-results.json')) as {
      'assessment-results': {
        results: [{ observations: { title: string; description: string; props: { name: string; value: string }[] }[] }];
      };
    };
    const [{ observations }] = oscal['assessment-results'].results;
    const html = await text('report.html');
    const catalogue = await readControlCatalogue(['soc2', 'iso27001']);
    for (const { id, title } of catalogue.observations) {
      const observation = observations.find((one) => one.title === title);
      const count = (name: string) => Number(observation?.props.find((one) => one.name === name)?.value);
      expect([id, count('exceptions')]).toEqual([id, lines.filter((one) => one === id).length]);
      expect(count('exceptions')).toBeLessThanOrEqual(count('tested'));
      expect(count('tested')).toBeLessThanOrEqual(count('population'));
      expect(html).toContain(handlebarsText(observation?.description ?? ''));
    }
    expect(lines.length).toBeGreaterThan(50);
  });

  it('count each population as its file does, by the sentence of the report alone', async () => {
    type Row = Readonly<Record<string, unknown>>;
    const list = (value: unknown) => value as readonly Row[];
    const policyAt = auditedStory().policyAt;
    const needsWord = ({ at, vault, secret, purpose }: Row) =>
      purpose !== 'search' &&
      purpose !== undefined &&
      policyAt(String(at)).secrets.get(`${String(vault)}/${String(secret)}`)?.access !== undefined;
    const isPublished = ({ publication }: Row) => publication === 'published';
    const accessRequests = (await rows('access-requests.ndjson')).filter((line) => line.includes('"breakGlass":true'));
    const sum = (of: (row: Row) => number) => (lines: readonly Row[]) =>
      lines.reduce((total, row) => total + of(row), 0);
    const counting: Readonly<Record<string, (lines: readonly Row[]) => number>> = {
      'access-approved': sum((row) => (needsWord(row) ? 1 : 0)),
      'approvals-given': sum(({ needsApproval }) => list(needsApproval).length),
      'emergency-acts-reasoned': (lines) =>
        accessRequests.length +
        sum(
          ({ emergency, approvals }) =>
            (emergency === true ? 1 : 0) + list(approvals).filter(({ breakGlass }) => breakGlass).length,
        )(lines),
      'old-values-end': sum((row) => (isPublished(row) && row['oldValue'] !== 'none' ? 1 : 0)),
      'places-served': sum((row) => (isPublished(row) ? list(row['places']).length : 0)),
      'policy-changes': (lines) => lines.length - 1,
      'rows-understood': sum((row) => Number(row['rows'])),
    };
    const tests = (await rows('control-tests.ndjson')).map(
      (row) => JSON.parse(row) as { id: string; population: { count: number; file: string; counted: string | null } },
    );
    const counted = tests.filter(({ population }) => population.counted !== null).map(({ id }) => id);
    expect(counted.sort()).toEqual(Object.keys(counting).sort());
    for (const { id, population } of tests) {
      const lines = (await rows(population.file)).filter((line) => line !== '');
      const isTable = population.file.endsWith('.csv');
      const parsed = isTable ? lines.slice(1).map(() => ({})) : lines.map((line) => JSON.parse(line) as Row);
      expect([id, counting[id]?.(parsed) ?? parsed.length]).toEqual([id, population.count]);
    }
  });

  it('lead from each id of a finding or a deviation to a row of the pack', async () => {
    const files = (await readdir(pack)).filter(
      (name) => /\.(ndjson|csv)$/.test(name) && !name.startsWith('deviations'),
    );
    const all = (await Promise.all(files.map(text))).join('\n');
    const deviations = (await rows('deviations.ndjson')).map((row) => (JSON.parse(row) as { event: string }).event);
    // `vault/secret@version day` and `rotation step` name a row by their first part.
    const found = (event: string) => [event, event.split(' ')[0] ?? '', event.split('@')[1]?.split(' ')[0] ?? ''];
    expect(deviations.filter((event) => !found(event).some((one) => one !== '' && all.includes(one)))).toEqual([]);
  });

  it('count them alike in HTML', async () => {
    const html = await text('report.html');
    for (const [grade, count] of grades)
      expect(html).toContain(
        `</span>${grade}<br><span class="quiet">${groupOf(grade)}</span></td><td data-label="Reads" class="right">${countText(count)}</td>`,
      );
    for (const [name, count] of strengths)
      expect(html).toContain(`<span class="number">${countText(count)}</span> <span class="name">${name}</span>`);
    expect(html).toContain('<strong>400</strong> reads');
    expect(html).toContain('9 in all</a>: 3 high, 4 medium, 2 low');
  });

  it('count them alike in the PDF', poppler, () => {
    const paper = execFileSync('pdftotext', ['-layout', join(pack, 'report.pdf'), '-'], {
      encoding: 'utf8',
    });
    for (const [grade, count] of grades)
      expect(paper).toMatch(new RegExp(`${grade}\\s+${groupOf(grade)}\\s+${countText(count)}\\s`));
    for (const [name, count] of strengths) expect(paper).toContain(`${countText(count)} ${name}`);
    expect(paper).toMatch(/400\s+reads of a secret.s value/);
    expect(paper).toContain('9 in all: 3 high, 4 medium, 2 low');
    expect(
      paper
        .split('\f')
        .filter((page) => page.trim() !== '')
        .every((page) => page.includes('SYNTHETIC')),
    ).toBe(true);
  });

  it(
    'agree on what is attached: the PDF carries the data manifest and the exceptions, byte for byte',
    poppler,
    async () => {
      for (const [position, name] of [
        [1, 'data-manifest.json'],
        [2, 'findings.ndjson'],
      ] as const) {
        execFileSync('pdfdetach', ['-save', String(position), '-o', join(folder, name), join(pack, 'report.pdf')], {
          stdio: 'ignore',
        });
        expect(await readFile(join(folder, name), 'utf8')).toBe(await text(name));
      }
      expect(
        execFileSync('pdfinfo', [join(pack, 'report.pdf')], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
      ).toMatch(/Tagged:\s+yes/);
      expect((await readFile(join(pack, 'report.pdf'))).toString('latin1')).toMatch(
        /<pdfaid:part>3<\/pdfaid:part>\s*<pdfaid:conformance>A<\/pdfaid:conformance>/,
      );
    },
  );

  it("draw the same sample as the printed command for the reader's seed", python, async () => {
    const ids = (await rows('retrievals.ndjson')).map((row) => (JSON.parse(row) as { id: string }).id);
    const command = sampleCommand(['retrievals.ndjson']).replace('words of your own', 'seven green bottles');
    const drawn = execFileSync('bash', ['--norc', '-c', command], { cwd: pack, encoding: 'utf8' }).trim().split('\n');
    expect(drawn).toEqual(drawSample(ids, 'seven green bottles'));
    expect(drawn).toHaveLength(25);
    expect(drawSample(ids, 'another seed')).not.toEqual(drawn);
  });
});

describe('the same order at the same time', () => {
  it('gives the same bytes', async () => {
    const again = join(folder, 'again');
    await producePack(orderOf({ out: again }));
    for (const file of [
      'report.html',
      'report.pdf',
      'manifest.json',
      'oscal-assessment-results.json',
      'retrievals.csv',
      'pack.dsse.json',
    ]) {
      expect((await readFile(join(again, file))).equals(await readFile(join(pack, file))), file).toBe(true);
    }
  });

  it.each([1, 7, 1_000])('gives the same bytes in shares of %i events', async (eventsAShare) => {
    const out = join(folder, `in-shares-of-${String(eventsAShare)}`);
    const order = orderOf({ out });
    const audit: typeof order.audit = async (observation) =>
      await auditStory(auditedStory(), observation, order.rotations, eventsAShare);
    await producePack({ ...order, audit });
    const manifest = async (at: string) => await readFile(join(at, 'manifest.json'), 'utf8');
    expect(await manifest(out)).toBe(await manifest(pack));
  });

  it('may be passed again after a crash: existing files stay, and it is entered once', async () => {
    const records = memoryRecords();
    const first = await producePack(orderOf({ records }));
    records.files.delete('archive/index.dsse.json');
    expect(await producePack(orderOf({ records }))).toEqual(first);
    expect(await producePack(orderOf({ records }))).toEqual(first);
    expect(await listPacks(records)).toHaveLength(1);
  });
});

describe('the archive', () => {
  it('lists packs in order, each chained to the one before it', async () => {
    const records = memoryRecords();
    const first = await producePack(orderOf({ records }));
    const second = await producePack(orderOf({ records, frameworks: ['soc2'], now: new Date('2026-11-04T06:00:00Z') }));
    expect(await listPacks(records)).toEqual([first, second]);
    expect([first.previous, second.previous]).toEqual([null, first.id]);
    const seal = JSON.parse(
      Buffer.from((await readPackFile(records, second.id, 'pack.dsse.json')) ?? '').toString(),
    ) as { payload: string };
    expect(JSON.parse(Buffer.from(seal.payload, 'base64').toString())).toMatchObject({
      predicate: { previous: { pack: first.id, statementSha256: first.statementSha256 } },
    });
  });

  it('exports a pack that verifies, and serves each of its files by name', async () => {
    const records = memoryRecords();
    const { id, files } = await producePack(orderOf({ records }));
    const out = join(folder, 'exported');
    await exportPack(records, id, out);
    expect(await verifyPack(out)).toMatchObject({ outcome: 'intact', files });
    const names: string[] = [];
    for await (const name of packFiles(records, id)) names.push(name);
    expect(names).toContain('queries/retrievals.kql');
    await expect(exportPack(records, id, out)).rejects.toMatchObject({ code: 'PACK_NOT_WRITTEN' });
    await expect(exportPack(records, 'none', join(folder, 'none'))).rejects.toMatchObject({ code: 'PACK_UNKNOWN' });
    await expect(exportPack(records, `../${id}`, join(folder, 'none'))).rejects.toMatchObject({ code: 'PACK_UNKNOWN' });
    await expect(readdir(join(folder, 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
    const file = join(out, 'manifest.json');
    await expect(exportPack(records, id, file)).rejects.toMatchObject({ code: 'PACK_NOT_WRITTEN' });
  });

  it('does not export a pack without its seal', async () => {
    const records = memoryRecords();
    const { id } = await producePack(orderOf({ records, audited: auditedStory({ reads: 3 }) }));
    records.files.delete(`archive/${id}/pack.dsse.json`);
    await expect(exportPack(records, id, join(folder, 'unsealed'))).rejects.toMatchObject({ code: 'PACK_UNREADABLE' });
  });

  it('holds both texts of a query that a new release changed within the period', async () => {
    const audited = auditedStory();
    const [first, ...others] = audited.queries;
    if (first === undefined) throw new Error('the story has no query');
    const changed = { ...first, text: `${first.text}| order by TimeGenerated asc\n`, sha256: 'ab'.repeat(32) };
    const out = join(folder, 'changed-query');
    await producePack(orderOf({ audited: { ...audited, queries: [first, changed, ...others] }, out }));
    expect(await verifyPack(out)).toMatchObject({ outcome: 'intact' });
    const held = async (sha256: string) =>
      await readFile(join(out, 'queries', `retrievals-${sha256.slice(0, 8)}.kql`), 'utf8');
    expect([await held(first.sha256), await held(changed.sha256)]).toEqual([first.text, changed.text]);
  });

  it('names what it could not write if the folder is a file', async () => {
    const out = join(pack, 'manifest.json');
    await expect(producePack(orderOf({ out }))).rejects.toMatchObject({ code: 'PACK_NOT_WRITTEN' });
  });

  it('serves nothing from outside a pack', async () => {
    const records = memoryRecords();
    const { id } = await producePack(orderOf({ records }));
    expect(await readPackFile(records, id, '../index.dsse.json')).toBeNull();
    expect(await readPackFile(records, '..', 'journal/x')).toBeNull();
    expect(await readPackFile(records, id, 'nothing.json')).toBeNull();
  });

  it('refuses an index that was tampered with', async () => {
    const records = memoryRecords();
    await producePack(orderOf({ records }));
    records.files.set('archive/index.dsse.json', Buffer.from('{}'));
    await expect(listPacks(records)).rejects.toMatchObject({ code: 'RECORD_UNREADABLE' });
  });
});

describe('whether a pack is final', () => {
  it('is provisional while rows may still arrive, and the seal says so', async () => {
    const out = join(folder, 'early');
    await producePack(orderOf({ out, now: new Date('2026-10-31T06:00:00Z') }));
    expect(await verifyPack(out)).toMatchObject({
      outcome: 'intact',
      status: 'provisional',
      message: 'intact; signer not verified; provisional; synthetic',
    });
    expect(await readFile(join(out, 'report.html'), 'utf8')).toContain(
      'Provisional: The log may still receive rows of this period until 2026-11-02 00:00 UTC.',
    );
  });

  it('is provisional while a source is not read yet, and final with a limitation if it never can be', async () => {
    const audited = auditedStory({ reads: 10 });
    const waiting = {
      what: 'job logs',
      from: '2026-10-02',
      to: '2026-10-03',
      why: 'Gitea did not answer.',
      state: 'not-read-yet',
    } as const;
    expect(
      await producePack(orderOf({ out: join(folder, 'waiting'), audited: { ...audited, notRead: [waiting] } })),
    ).toMatchObject({ status: 'provisional' });
    expect(
      await producePack(
        orderOf({
          out: join(folder, 'lost'),
          audited: { ...audited, notRead: [{ ...waiting, state: 'irrecoverable' }] },
        }),
      ),
    ).toMatchObject({ status: 'final' });
  });
});

function groupOf(grade: Grade): string {
  return Object.entries(gradeGroups).find(([, members]) => members.some((one) => one === grade))?.[0] ?? '';
}
