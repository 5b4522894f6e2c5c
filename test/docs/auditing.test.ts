import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { forgers, type Grade, gradeGroups, grades } from '../../src/audit/model/attribution.ts';
import { exclusionReasons } from '../../src/audit/period/population.ts';
import { sampleCommand } from '../../src/evidence/report/draw-sample.ts';
import { attributionReasons } from '../../src/audit/model/attribution-reasons.ts';
import { archiveFaults } from '../../src/evidence/verify/verify-archive.ts';
import { chainFaults } from '../../src/evidence/verify/verify-chain.ts';
import { fenced, heldBlock, markdownTable } from './held-block.ts';

const page = 'docs/auditing.md';

/** What each grade rests on, for people. */
const restsOn = {
  authenticated:
    "The broker made this very request for a job that Gitea confirmed, as its journal shows; or a receipt names it and was posted with the job's runtime token, which Gitea confirmed while the job ran; or it is in the log of a job whose identity serves only that repository. Secret, version, time, address and identity agree.",
  corroborated:
    "A receipt in a job's log, or a stamp that Gitea's job, the identity and the address confirm. Also the best grade for a job that is known only from a webhook, and for jobs that share their runner's host.",
  inferred: 'No receipt and no stamp; exactly one job that may use the identity was running.',
  rotation: "A rotation's journal, or a record that Keyturn made before the read, explains it.",
  platform: 'A Microsoft application, or an identity that the policy assigns to the platform.',
  person: 'A delegated token: a person was signed in, whatever the client text says.',
  claimed: 'A stamp or receipt that nothing confirms.',
  ambiguous: 'Several jobs are possible.',
  unattributed: 'No job is known; the reason code says why.',
  contradicted: 'The stamp or a receipt contradicts the row, Gitea or the policy.',
  'rotation-unexplained': "Keyturn's own identity read, and no journal records it.",
  'broker-unexplained': "The broker's identity read, and its journal does not have the request.",
} as const satisfies Record<Grade, string>;

/** What each rule finds; its name is the name of its file. */
const finds: Readonly<Record<string, string>> = {
  'contradicted-read': 'a read whose evidence contradicts itself',
  'rotation-unexplained':
    "a read by Keyturn's own identity without a journal entry, or a refusal beside a read, of which only one was announced",
  'broker-unexplained': "a read by the broker's identity that its journal does not have",
  'broker-read-missing': 'a read of the broker that the log does not show',
  'second-broker-key': 'a running job for which a second key was shown to the broker, with what its session was given',
  'staging-read': 'a read of a pending value by anyone but the rotator, or by its identity without a journal entry',
  'read-outside-namespace': 'a job that read a secret that the policy does not allow it',
  'old-version-read': 'a read of an old version after its grace; an emergency rotation has no grace',
  'duplicate-receipt': 'a receipt that was copied, or a read that several jobs claim',
  'read-by-person': 'a person who read a value',
  'denied-burst': 'five or more refusals of one caller, each within ten minutes of the previous one',
  'unexplained-write': 'a secret that was changed outside any rotation',
  'sensitive-operation': 'a backup, restore, deletion, purge or recovery',
  'rotation-overdue': 'a version that was still the newest past its expiry, or longer than the policy allows',
  'rotation-failed':
    'a rotation that needed attention, was rolled back, lost its journal, or left two credentials alive, repaired or not',
  'unknown-identity-read': 'a read by an identity that the policy does not list, whatever the read says of itself',
  'expired-value-read': 'a read of a value after its expiry, which Key Vault does not enforce',
  'secret-not-inventoried': 'a secret that was read or set and that no inventory lists, up to the first one after it',
  'break-glass-used': 'an approval by break-glass: one person did what needs two',
  'unproven-approval':
    'an approval by a machine account, by somebody whose identity nothing proves, or by the person who asked',
  'clock-off': "a runner's clock that differs from the vault's by more than 30 seconds",
  'claimed-read': 'reads that name a job which nothing confirms, by reason',
  'unattributed-read': 'reads that could not be tied to a job, by reason',
  'orphan-receipt': 'a receipt of a read that the log does not show',
  'receipts-refused': 'a job that posted more receipts than a task may; the further ones are not stored',
  'log-gap': 'hours that cannot be shown to be complete',
  'unreadable-row': 'rows that could not be parsed',
  'status-disagrees': 'rows whose status and signature contradict each other',
  'secret-without-expiry': 'a secret without an expiry date, so no event announces that it is due',
  'tag-malformed':
    'a tag with an invalid value: an invalid validity has no effect, an invalid `rotation` counts as off',
  'tag-widened': 'a tag that asks for more than the policy allows; it has no effect',
  'secret-never-read': 'a secret that nobody read for four weeks of the period',
  'staging-readable': 'an identity other than the rotator that could read values that wait to be published',
  'log-switched-off': 'a vault whose audit log went nowhere, or whose diagnostic setting was deleted',
  'grant-brief': 'a grant that appeared and vanished within a day',
  'grant-on-vault': 'a runner that could read every secret of a vault',
  'grant-unused':
    'an identity that could read for 90 days and never did; found only if 90 days of rows are on record. A role assignment states its beginning; an access policy, or what a group gives to a member, counts from the first look that shows it',
  'rows-below-metric': 'hours in which a vault counted more requests than its log has rows',
  'in-one-log-only': 'rows that the workspace has and the archive has not, or the other way round, where both are read',
  'refused-outside': 'requests by an identity of the policy that the firewall of a vault refused',
  'old-value-alive': 'a replaced credential of which nothing shows that it is dead',
  'place-not-served': 'a further place that was not given a published value within an hour',
  'approval-missing': 'a step that the policy puts under approval and that was taken although nobody approved',
  'emergency-unexplained': 'an emergency rotation without a reason, or that no proven person asked for',
  'broker-read-outside-policy': 'a value that the broker read for a job to which the policy does not open it',
  'use-outside-policy': 'a request that the broker made in the place of a job and that the policy does not state',
  'access-not-approved': 'a value that needs approval and that a job got without that of a second person',
  'job-unconfirmed': 'jobs that are known only from a webhook, or whose end Gitea never stated',
  'rows-below-total': 'slices with fewer rows than the store counted by a query of its own',
  'slice-altered': 'slices whose rows changed after they were collected',
  'policy-widened': 'a change of the policy that allows more, or demands less, than the one before',
  'grant-beyond-policy': 'an identity that could read what the policy does not open to it',
  'setup-changed': 'a change of how a vault is set up, such as its firewall',
  'vault-unshielded': 'a vault that answers requests from every address',
  'deletion-irrecoverable': 'a vault in which a secret can be deleted for good',
  'log-not-kept': 'a table of the log whose rows cannot be searched, or are gone before the period is reported',
  'vault-unexamined': 'a vault of the same subscription that Keyturn does not examine',
};

describe('docs/auditing.md', () => {
  it('shows every grade with the forgers that the report prints', () => {
    const groupOf = (grade: Grade) =>
      Object.entries(gradeGroups).find(([, members]) => (members as readonly Grade[]).includes(grade))?.[0] ?? '';
    const rows = grades.map((grade) => [`\`${grade}\``, groupOf(grade), restsOn[grade], forgers[grade]]);
    const expected = markdownTable(['grade', 'group', 'rests on', 'who could have forged it'], rows);
    heldBlock(page, 'grades', expected);
  });

  it('explains every code by which attribution decides, and no other', () => {
    const rules = globSync('src/audit/attribution/rules/*-rule*.ts').map((file) => readFileSync(file, 'utf8'));
    const words = rules.flatMap((text) => [...text.matchAll(/'([a-z]+(?:-[a-z]+)+)'/g)].map(([, word = '']) => word));
    const codes = new Set(words.filter((word) => !(grades as readonly string[]).includes(word)));
    expect(Object.keys(attributionReasons).sort()).toEqual([...codes].sort());
    const rows = Object.entries(attributionReasons).map(([code, description]) => [`\`${code}\``, description]);
    const expected = markdownTable(['reason', 'meaning'], rows);
    heldBlock(page, 'reasons', expected);
  });

  it('explains every rule that finds something, and no other', () => {
    const rules = globSync('src/audit/findings/{access,events,state}/*.ts')
      .map((file) => basename(file, '.ts'))
      .filter((name) => !/^find(ing)?-/.test(name));
    expect(Object.keys(finds).sort()).toEqual(rules.sort());
    const rows = Object.entries(finds).map(([rule, description]) => [`\`${rule}\``, description]);
    const expected = markdownTable(['rule', 'finds'], rows);
    heldBlock(page, 'findings', expected);
  });

  it('shows every step from all rows to the population', () => {
    const expected = `${exclusionReasons.map((reason) => `- ${reason}`).join('\n')}\n`;
    heldBlock(page, 'exclusions', expected);
  });

  it('explains every fault of a chain of packs', () => {
    const rows = Object.entries(chainFaults).map(([code, description]) => [`\`${code}\``, description]);
    heldBlock(page, 'chain', markdownTable(['fault', 'meaning'], rows));
  });

  it('explains everything that an archive may hold against its index', () => {
    const rows = Object.entries(archiveFaults).map(([code, description]) => [`\`${code}\``, description]);
    heldBlock(page, 'archive', markdownTable(['fault', 'meaning'], rows));
  });

  it('shows the command that the report prints for a sample', () => {
    const expected = fenced('sh', sampleCommand(['retrievals.ndjson']));
    heldBlock(page, 'sample', expected);
  });
});
