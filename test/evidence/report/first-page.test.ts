import { describe, expect, it } from 'vitest';
import { describeEarlierPacks } from '../../../src/evidence/describe-earlier-packs.ts';
import { producePack } from '../../../src/evidence/produce-pack.ts';
import { renderHtml } from '../../../src/evidence/render/render-html.ts';
import { paperFiles } from '../../../src/evidence/render/paper-model.ts';
import { memoryRecords } from '../memory-records.ts';
import { modelOfStory } from '../model.ts';
import { knownSigner, orderOf } from '../order.ts';
import { auditedStory } from '../story.ts';
import { inventory } from '../story-state.ts';

describe('the first page', () => {
  it('says whose report it is, of what, in which state, and by whose key', async () => {
    const model = await modelOfStory({ system: 'Gitea at https://gitea.example.org' });
    expect(Object.fromEntries(model.identity.map(({ name, value }) => [name, value]))).toEqual({
      Organisation: 'Acme Industries',
      System: 'Key Vault kv-prod, kv-dev; Gitea at https://gitea.example.org',
      Period: '2026-10-01 00:00 UTC to 2026-10-31 00:00 UTC, end excluded',
      State: 'final, synthetic, made 2026-11-03 06:00 UTC',
      'Sealed by': knownSigner().fingerprint,
      'Previous pack': 'none of an earlier period',
      'Policy digest': `sha256:${auditedStory().policies[0]?.sha256 ?? ''}`,
      'Control mapping': '2026.3',
      Software: 'Keyturn 0.1.0',
    });
  });

  it('says in one sentence what was in scope, with the count of each', async () => {
    const [first, ...others] = inventory();
    if (first === undefined) throw new Error('the story has no secret');
    const model = await modelOfStory({
      audited: { ...auditedStory(), inventory: [{ ...first, own: true }, ...others] },
    });
    expect(model.scope.map(({ text }) => text)).toEqual([
      '2 vaults',
      '12 secrets (1 of Keyturn itself)',
      '5 repositories whose jobs read a value',
      '1 identity in the policy',
      '62 Gitea jobs',
      expect.stringMatching(/^policy sha256:[0-9a-f]{8} of 2026-10-01, unchanged$/),
    ]);
  });

  it('counts every read once by the strength of its tie, and adds up the shares to 100 %', async () => {
    const { figures, reads } = await modelOfStory();
    expect(figures.strength.reduce((sum, { count }) => sum + count, 0)).toBe(reads.total);
    const tenths = figures.strength.map(({ share }) => Math.round(parseFloat(share) * 10));
    expect(tenths.reduce((sum, one) => sum + one, 0)).toBe(1000);
    expect(figures.persons).toMatchObject({ count: 8, of: 400 });
  });

  it('counts as dead only the old values that were shown to be dead, of all that were replaced', async () => {
    const { figures } = await modelOfStory();
    expect(figures.oldValues).toMatchObject({ count: 1, of: 6 });
    expect(figures.hours).toMatchObject({ count: 717, of: 720 });
  });

  it('has each test once in the matrix, exceptions first, and never calls untested what is zero of something', async () => {
    const { matrix, frameworks } = await modelOfStory();
    const tests = new Set(
      frameworks.flatMap(({ controls }) => controls.flatMap((one) => one.tests)).map((one) => one.observation.id),
    );
    expect(matrix.map(({ test }) => test.id).sort()).toEqual([...tests].sort());
    expect([...new Set(matrix.map(({ result }) => result))]).toEqual(['exception', 'not tested', 'no exception']);
    for (const { test, result } of matrix) {
      expect(result === 'not tested').toBe(test.tested === 0);
      expect(result === 'exception').toBe(test.exceptions > 0);
    }
  });

  it('puts an exception about production before the same about development', async () => {
    const story = auditedStory();
    const [first] = story.findings;
    if (first === undefined) throw new Error('the story has no finding');
    const read = (id: string, secret: string) => ({
      ...first,
      id,
      rule: 'read-by-person' as const,
      subject: 'ann@example.org',
      description: `ann@example.org read ${secret}.`,
    });
    const findings = [read('1', 'kv-dev/smtp-password'), read('2', 'kv-prod/smtp-password')];
    const { exceptions } = await modelOfStory({ audited: { ...story, findings } });
    expect(exceptions.listed.rows.map(({ id }) => id)).toEqual(['2', '1']);
  });
});

describe('what changed since the previous pack', () => {
  const earlier = { from: new Date('2026-09-01T00:00:00Z'), to: new Date('2026-10-01T00:00:00Z') };

  it('names it, and tells new, recurring, fixed and not seen again apart, on screen and on paper', async () => {
    const records = memoryRecords();
    const story = auditedStory();
    const [overdue, ...rest] = story.findings.filter(({ rule }) => rule === 'rotation-overdue' || rule === 'log-gap');
    const person = story.findings.find(({ rule }) => rule === 'read-by-person');
    if (overdue === undefined || person === undefined) throw new Error('the story has no such findings');
    const gone = { ...person, id: 'f'.repeat(16), subject: 'eve@example.org' };
    const first = await producePack(
      orderOf({ records, period: earlier, audited: { ...story, findings: [overdue, ...rest, gone] } }),
    );
    const order = orderOf();
    const { previous } = await describeEarlierPacks(records, order);
    const fixed = { ...overdue, ended: { at: '2026-10-30T06:00:00.000Z', by: 'kv-prod/registry-token@v2' } };
    const findings = story.findings.map((one) => (one.id === overdue.id ? fixed : one));
    const model = await modelOfStory({ audited: { ...story, findings }, ...(previous == null ? {} : { previous }) });
    expect(model.previous?.pack).toBe(first.id);
    expect(model.changes).toMatchObject({ new: 7, recurring: 1, fixed: 1, notSeenAgain: { total: 1 } });
    expect(model.changes?.notSeenAgain.rows[0]?.subject).toBe('eve@example.org');
    expect(await renderHtml(model)).toContain('<strong>7</strong> new</li><li><strong>1</strong> recurring');
    const paper = JSON.parse(Buffer.from(paperFiles(model)['made.json'] ?? []).toString()) as { changes: string };
    expect(paper.changes.replaceAll('\u200B', '')).toContain(
      `7 new, 1 recurring, 1 fixed, 1 not seen again. Compared with ${first.id}`,
    );
  });

  it('compares with a pack of an earlier period, not with an amendment of the same one', async () => {
    const records = memoryRecords();
    const first = await producePack(orderOf({ records, period: earlier }));
    await producePack(orderOf({ records }));
    expect((await describeEarlierPacks(records, orderOf())).previous?.pack).toBe(first.id);
  });

  it('says that nothing is compared if the files of the previous pack are gone, and reports all the same', async () => {
    const records = memoryRecords();
    const first = await producePack(orderOf({ records, period: earlier }));
    records.files.set(`archive/${first.id}/findings.ndjson`, Buffer.from('{'));
    const { previous } = await describeEarlierPacks(records, orderOf());
    const model = await modelOfStory(previous == null ? {} : { previous });
    expect([model.previous?.pack, model.changes]).toEqual([first.id, null]);
    expect(await renderHtml(model)).toContain('Nothing is compared: findings.ndjson does not hold rows.');
  });
});
