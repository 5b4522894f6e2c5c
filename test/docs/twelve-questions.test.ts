import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { producePack } from '../../src/evidence/produce-pack.ts';
import { orderOf } from '../evidence/order.ts';
import { heldBlock, markdownTable } from './held-block.ts';

/** Each question, the part of the page that answers it with words that stand there, and the files that hold its rows. */
const questions: readonly {
  readonly question: string;
  readonly anchor: string;
  /** Where, in words. */
  readonly place: string;
  /** What the part says in the story's pack. */
  readonly says: readonly string[];
  /** Files, each with a member of its rows that answers; empty for a file that the story leaves empty. */
  readonly files: Readonly<Record<string, string>>;
}[] = [
  {
    question: 'Which population?',
    anchor: 'provenance',
    place: '*How it was made*, from all rows to the population',
    says: ['From all rows to the population', 'Population: reads', '<td>400</td>'],
    files: { 'retrievals.ndjson': 'id' },
  },
  {
    question: 'Is it complete?',
    anchor: 'log',
    place: '*The log, hour by hour*; the tests `log-complete` and `totals-agree`',
    says: ['717 hours covered, 3 not shown to be complete'],
    files: { 'coverage.csv': 'hour', 'slices.ndjson': 'controlTotal' },
  },
  {
    question: 'Is it accurate?',
    anchor: 'provenance',
    place: '*How it was made*, queries; each read with its correlation id',
    says: ['queries/retrievals.kql', 'sha256 <code>'],
    files: { 'retrievals.ndjson': 'correlationId', 'slices.ndjson': 'sha256' },
  },
  {
    question: 'What is excluded, and why?',
    anchor: 'provenance',
    place: '*How it was made*, from all rows to the population',
    says: ['our own hourly canary read', '−720'],
    files: { 'exclusions.ndjson': '' },
  },
  {
    question: 'Who could have changed it?',
    anchor: 'grades',
    place: '*Grades, and who could have forged them*; the seal',
    says: ['Who could have forged it', 'Keyturn itself, or anyone who controls the job while it runs'],
    files: { 'pack.dsse.json': 'payload' },
  },
  {
    question: 'Twenty-five of my choice?',
    anchor: 'check',
    place: '*How to check*, a sample with your own seed; `keyturn sample`',
    says: ['SEED&#x3D;&quot;words of your own&quot;', '[:25]'],
    files: { 'retrievals.ndjson': 'id' },
  },
  {
    question: 'Which exceptions, accepted by whom?',
    anchor: 'exceptions',
    place: '*Exceptions*, state',
    says: ['<dt>State</dt>', 'stable across reports'],
    files: { 'findings.ndjson': 'id', 'finding-steps.ndjson': '' },
  },
  {
    question: 'Who approved that rotation?',
    anchor: 'rotations',
    place: '*Rotations*, asked and approved by, and who may approve',
    says: [
      'approved by alice@example.org (subject-of-alice@example.org at https://login.example.org)',
      'Who may approve',
    ],
    files: { 'rotations.ndjson': 'approvals' },
  },
  {
    question: 'Is the old value dead?',
    anchor: 'figure-old-values',
    place: 'first page, old values shown dead; *Rotations*, old value',
    says: ['1</span> <span class="of">of 6</span>', 'old values replaced shown dead'],
    files: { 'rotations.ndjson': 'oldValue' },
  },
  {
    question: 'Who read that is not a job?',
    anchor: 'review',
    place: 'first page, reads by a person; *Reads to review*',
    says: ['Reads to review', 'mallory@example.org'],
    files: { 'retrievals.ndjson': 'grade' },
  },
  {
    question: 'What changed since the last report?',
    anchor: 'changes',
    place: 'first page, since the previous pack; `keyturn diff`',
    says: ['Since the previous pack', 'The archive has no pack of an earlier period'],
    files: { 'findings.ndjson': 'subject' },
  },
  {
    question: 'What could you not see?',
    anchor: 'not-seen',
    place: 'first page, what could not be seen',
    says: ['What could not be seen', 'role assignments of kv-dev', 'The request metric of kv-dev could not be seen'],
    files: { 'coverage.csv': 'state', 'unreadable-rows.ndjson': 'reason' },
  },
];

let folder: string;
let html: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keyturn-questions-'));
  const roster =
    'Who may approve, as the settings said when this report was made: accounts of https://login.example.org.';
  await producePack(orderOf({ out: join(folder, 'pack'), roster }));
  html = await readFile(join(folder, 'pack', 'report.html'), 'utf8');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the twelve questions of docs/auditing.md', () => {
  it('are listed with the place of each answer', () => {
    const rows = questions.map(({ question, anchor, place, files }, index) => [
      `${String(index + 1)}. ${question}`,
      place,
      `\`#${anchor}\``,
      Object.keys(files)
        .map((file) => `\`${file}\``)
        .join(', '),
    ]);
    const table = markdownTable(['question', 'in the report', 'anchor', 'rows'], rows);
    heldBlock('docs/auditing.md', 'questions', table);
    expect(questions).toHaveLength(12);
  });

  it.each(questions)('$question is answered at #$anchor', ({ anchor, says }) => {
    const from = html.indexOf(` id="${anchor}"`);
    expect(from).toBeGreaterThan(0);
    const end = html.indexOf('</section>', from);
    const part = html.slice(html.lastIndexOf('<', from), end);
    for (const words of says) expect(part).toContain(words);
  });

  it.each(questions)('$question has its rows in the pack', async ({ files }) => {
    for (const [file, member] of Object.entries(files)) {
      const [first = ''] = (await readFile(join(folder, 'pack', file), 'utf8')).split('\n');
      if (member !== '') expect(first).toContain(file.endsWith('.csv') ? member : `"${member}":`);
    }
  });
});
