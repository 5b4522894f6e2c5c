import { describe, expect, it } from 'vitest';
import { type AttributionSources, createAttributor } from '../../src/audit/attribution/attribute-retrievals.ts';
import { forgers as forgersOf, type Grade, gradeGroups } from '../../src/audit/model/attribution.ts';
import type { Finding } from '../../src/audit/model/finding.ts';
import type { Retrieval } from '../../src/audit/model/retrieval.ts';
import * as given from '../audit/attribution-fixtures.ts';
import { bound, denied, found, inventoried } from '../audit/finding-fixtures.ts';
import { heldBlock, markdownTable } from './held-block.ts';

const { job, logged, posted, receipt, row, stamp, workload } = given;

type GradeGroup = keyof typeof gradeGroups;

interface Forger {
  /** Who does what, as the page says it. */
  readonly does: string;
  readonly sources?: Partial<AttributionSources>;
  /** The rows that the log then has; the forged one first. */
  readonly rows: readonly Retrieval[];
  /** What the report must never take the forged row for. */
  readonly never: readonly GradeGroup[];
  /** Rules that must find it; empty: the page says who could have forged such a row. */
  readonly caught: readonly string[];
  /** Of one whom nothing finds: the words by which the table of grades names the forger. */
  readonly admitted?: string;
  readonly severity?: Finding['severity'];
}

const stranger = { identity: workload('stranger'), address: '198.51.100.66' };
const tied: readonly GradeGroup[] = ['tied to a job', 'explained otherwise'];
const wholeLog = { harvested: new Set(['aaaaaaaa-1-1']) };
const twoJobs = [job(1), job(2, { repository: 'acme/api', repositoryId: 2 })];
const sharedHost = new Map(given.policy().identities);
sharedHost.set('dedicated', { ...given.policy().identities.get('dedicated'), sharedHost: true } as never);

const forgers: readonly Forger[] = [
  {
    does: 'A stranger who got into the vault reads with any client.',
    rows: [row('c1', { ...stranger, client: 'curl/8.0' })],
    never: tied,
    caught: ['unknown-identity-read'],
  },
  {
    does: 'The stranger stamps the read with a job that ran then.',
    rows: [row('c1', { ...stranger, client: stamp(1) })],
    never: tied,
    caught: ['unknown-identity-read'],
  },
  {
    does: "The stranger copies a receipt of its read into a job's log.",
    sources: { receipts: [logged(receipt(1, 'c1'))] },
    rows: [row('c1', { ...stranger, client: stamp(1) })],
    never: tied,
    caught: ['unknown-identity-read'],
  },
  {
    does: 'Someone with a runner’s identity stamps a read, from another address, with a job that ran then.',
    rows: [row('c1', { address: '198.51.100.66', client: stamp(1) })],
    never: tied,
    caught: ['contradicted-read'],
  },
  {
    does: 'A job stamps its read with a job whose repository its identity never serves.',
    rows: [row('c1', { identity: workload('elsewhere'), client: stamp(1) })],
    never: tied,
    caught: ['contradicted-read'],
  },
  {
    does: 'A job stamps its read with a job that had ended.',
    rows: [row('c1', { at: given.at(5_000), client: stamp(1) })],
    never: tied,
    caught: ['contradicted-read'],
  },
  {
    does: 'A job stamps its read with a job that never existed, and every job is known.',
    sources: { ledgerCompleteTo: new Date(given.moment(9_000)) },
    rows: [row('c1', { client: stamp(7) })],
    never: tied,
    caught: ['contradicted-read'],
  },
  {
    does: 'The same, and not every job is known.',
    rows: [row('c1', { client: stamp(7) })],
    never: tied,
    caught: ['claimed-read'],
  },
  {
    does: 'A job stamps its read with another job of its identity, whose whole log holds no receipt.',
    sources: { jobs: twoJobs, ...wholeLog },
    rows: [row('c1', { client: stamp(1) })],
    never: tied,
    caught: ['claimed-read'],
  },
  {
    does: 'A job stamps its read with a helper that was never released.',
    rows: [row('c1', { client: stamp(1, { helper: 'mine' }) })],
    never: tied,
    caught: ['claimed-read'],
  },
  {
    does: 'A job stamps its read with another job of its identity, and gets that job to print the receipt.',
    sources: { jobs: twoJobs, receipts: [logged(receipt(1, 'c1'))], ...wholeLog },
    rows: [row('c1', { client: stamp(1) })],
    never: ['explained otherwise'],
    caught: [],
    admitted: 'another job on the same runner',
  },
  {
    does: "A job prints another job's receipt as its own.",
    sources: { jobs: twoJobs, receipts: [posted(receipt(1, 'c1')), logged(receipt(1, 'c1'), 2)] },
    rows: [row('c1', { client: stamp(1) })],
    never: ['suspicious'],
    caught: ['duplicate-receipt'],
  },
  {
    does: "A job posts, with its own token, a receipt of another job's read.",
    sources: { jobs: twoJobs, receipts: [posted(receipt(1, 'c1')), posted(receipt(2, 'c1'))] },
    rows: [row('c1', { client: stamp(1) })],
    never: ['suspicious'],
    caught: ['duplicate-receipt'],
  },
  {
    does: 'A job posts a receipt that names another secret than the one that was read.',
    sources: { receipts: [posted(receipt(1, 'c1', { secret: 'other' }))] },
    rows: [row('c1', { client: stamp(1) })],
    never: tied,
    caught: ['contradicted-read'],
  },
  {
    does: 'A job posts a receipt of a read that never took place.',
    sources: { receipts: [posted(receipt(1, 'c9')), posted(receipt(1, 'c1', { sequence: 2 }))] },
    rows: [row('c1', { client: stamp(1) })],
    never: ['suspicious'],
    caught: ['orphan-receipt'],
  },
  {
    does: 'A job on a host that it shares takes the token of another job and posts its own read with it.',
    sources: {
      policy: given.policy({ identities: sharedHost }),
      receipts: [posted(receipt(1, 'c1'))],
    },
    rows: [row('c1', { identity: workload('dedicated'), client: stamp(1) })],
    never: ['explained otherwise'],
    caught: [],
    admitted: 'another job on the same runner',
  },
  {
    does: 'A job on a host that it shares appends its receipt to the log of another job on it.',
    sources: {
      policy: given.policy({ identities: sharedHost }),
      receipts: [logged(receipt(1, 'c1'))],
    },
    rows: [row('c1', { identity: workload('dedicated'), client: stamp(1) })],
    never: ['explained otherwise'],
    caught: [],
    admitted: 'anyone who controls the runner',
  },
  {
    does: "Gitea's administrator makes Gitea confirm the token of a job that never ran.",
    sources: { receipts: [posted(receipt(1, 'c1'))] },
    rows: [row('c1', { client: stamp(1) })],
    never: ['explained otherwise'],
    caught: [],
    admitted: 'Gitea or its administrator',
  },
  {
    does: 'Two jobs of one identity each print a receipt of one read, which has no stamp.',
    sources: { jobs: [job(1), job(2)], receipts: [logged(receipt(1, 'c1')), logged(receipt(2, 'c1'))] },
    rows: [row('c1', { client: null })],
    never: tied,
    caught: ['duplicate-receipt'],
  },
  {
    does: 'A job prints a receipt that differs from the one that it posted.',
    sources: { receipts: [posted(receipt(1, 'c1')), logged(receipt(1, 'c1', { clockOffsetMs: 5_000 }))] },
    rows: [row('c1', { client: stamp(1) })],
    never: ['suspicious'],
    caught: ['duplicate-receipt'],
  },
  {
    does: 'Someone delivers a hook that tells of a job, and stamps a read with it.',
    sources: { jobs: [job(1, { known: 'hook' })], receipts: [posted(receipt(1, 'c1'))] },
    rows: [row('c1', { identity: workload('dedicated'), client: stamp(1) })],
    never: ['explained otherwise'],
    caught: [],
    admitted: 'anyone who controls the runner',
  },
  {
    does: 'A person reads by hand, with the stamp of a job.',
    rows: [row('c1', { identity: given.person('ada@example.com'), client: stamp(1) })],
    never: tied,
    caught: ['read-by-person'],
  },
  {
    does: "Someone with the rotator's identity reads outside any rotation.",
    rows: [row('c1', { identity: workload('rotator'), version: 'v9' })],
    never: tied,
    caught: ['rotation-unexplained'],
  },
  {
    does: "Someone reads with the client text of Microsoft's own application.",
    rows: [row('c1', { ...stranger, client: 'AzureResourceGraph.IngestionWorkerService' })],
    never: tied,
    caught: ['unknown-identity-read'],
  },
  {
    does: 'A runner sets its clock forward, so that its receipts fit other times.',
    sources: { receipts: [posted(receipt(1, 'c1', { clockOffsetMs: 420_000 }))] },
    rows: [row('c1', { client: stamp(1) })],
    never: ['explained otherwise'],
    caught: ['clock-off'],
  },
  {
    does: 'Someone with a runner’s identity reads a value that waits to be published.',
    rows: [row('c1', { secret: 'rot-pending--database', client: stamp(1) })],
    never: ['explained otherwise'],
    caught: ['staging-read'],
  },
  {
    does: 'A stranger tries five secrets and is refused.',
    rows: ['a', 'b', 'c', 'd', 'e'].map((name, second) => denied(second, name, stranger)),
    never: tied,
    caught: ['denied-burst'],
  },
  {
    does: 'Someone sets a secret that the policy binds, to have the forged value published.',
    sources: { policy: bound() },
    rows: [row('c1', { kind: 'write', operation: 'SecretSet' })],
    never: tied,
    caught: ['unexplained-write'],
  },
  {
    does: 'A stranger plants a value under the name of a staging secret, to have it published.',
    rows: [row('c1', { ...stranger, kind: 'write', operation: 'SecretSet', secret: 'rot-pending--database' })],
    never: tied,
    caught: ['unexplained-write'],
    severity: 'high',
  },
];

/** What the report says: the grade of the forged row with its reason, and what is found. */
function told({ sources = {}, rows }: Forger) {
  const [forged] = rows;
  if (forged === undefined) throw new TypeError('A forger leaves a row.');
  // The journal of one rotation, which explains none of these rows.
  const history = [given.rotation()];
  const whole = { policy: given.policy(), jobs: [job(1)], receipts: [], ...sources, rotations: history };
  const attribution = forged.kind === 'read' ? createAttributor(whole).attribute(forged) : null;
  const findings = found({ ...sources, rows, history, snapshots: [inventoried()] });
  const worst = findings[0]?.severity ?? null;
  return { attribution, worst, rules: [...new Set(findings.map(({ rule }) => rule))] };
}

function groupOf(grade: Grade): GradeGroup {
  for (const [group, members] of Object.entries(gradeGroups)) {
    if ((members as readonly Grade[]).includes(grade)) return group as GradeGroup; // The names of gradeGroups are GradeGroup by definition.
  }
  throw new TypeError(`${grade} is in no group.`);
}

describe('a forger', () => {
  it.each(forgers)('is not believed: $does', (forger) => {
    const { attribution, rules, worst } = told(forger);
    if (attribution !== null) expect(forger.never).not.toContain(groupOf(attribution.grade));
    expect(rules).toEqual(expect.arrayContaining([...forger.caught]));
    if (forger.severity !== undefined) expect(worst).toBe(forger.severity);
  });

  it('who is not caught is named by the table of grades', () => {
    for (const forger of forgers.filter(({ caught }) => caught.length === 0)) {
      const grade = told(forger).attribution?.grade ?? 'unattributed';
      // "Also …" adds to the grade above.
      const named = grade === 'corroborated' ? forgersOf.authenticated + forgersOf.corroborated : forgersOf[grade];
      expect([forger.does, forger.admitted === undefined ? '' : named]).toEqual([
        forger.does,
        expect.stringContaining(forger.admitted ?? 'who forged it'),
      ]);
    }
  });

  it('stands on the page with what the report says of it', () => {
    const rows = forgers.map((forger) => {
      const { attribution, rules } = told(forger);
      const grade = attribution === null ? 'not a read' : `\`${attribution.grade}\`, \`${attribution.reason}\``;
      return [forger.does, grade, rules.map((rule) => `\`${rule}\``).join(', ') || 'none'];
    });
    heldBlock('docs/auditing.md', 'forgers', markdownTable(['who does what', 'grade and reason', 'findings'], rows));
  });
});
