import { readFile, readdir } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { grades } from '../../../src/audit/model/attribution.ts';
import type { FindingRule } from '../../../src/audit/model/finding.ts';
import { readControlCatalogue } from '../../../src/evidence/report/control-catalogue.ts';
import { controlTests } from '../../../src/evidence/tests/run-control-tests.ts';
import { renderHtml } from '../../../src/evidence/render/render-html.ts';
import { paperFiles } from '../../../src/evidence/render/paper-model.ts';
import { renderPdf } from '../../../src/evidence/render/render-pdf.ts';
import { sharesText, shareText } from '../../../src/evidence/report/wording.ts';
import { modelOfStory } from '../model.ts';
import { auditedStory, hostile } from '../story.ts';

/** All rules; the compiler refuses this list if one is missing or unknown. */
const rules = {
  'contradicted-read': 1,
  'unattributed-read': 1,
  'claimed-read': 1,
  'unknown-identity-read': 1,
  'read-outside-namespace': 1,
  'read-by-person': 1,
  'duplicate-receipt': 1,
  'orphan-receipt': 1,
  'receipts-refused': 1,
  'denied-burst': 1,
  'log-gap': 1,
  'secret-never-read': 1,
  'rotation-overdue': 1,
  'rotation-failed': 1,
  'secret-without-expiry': 1,
  'old-version-read': 1,
  'staging-read': 1,
  'tag-malformed': 1,
  'tag-widened': 1,
  'unexplained-write': 1,
  'rotation-unexplained': 1,
  'broker-unexplained': 1,
  'broker-read-missing': 1,
  'second-broker-key': 1,
  'unreadable-row': 1,
  'status-disagrees': 1,
  'sensitive-operation': 1,
  'grant-unused': 1,
  'grant-on-vault': 1,
  'grant-brief': 1,
  'staging-readable': 1,
  'log-switched-off': 1,
  'rows-below-metric': 1,
  'vault-unexamined': 1,
  'in-one-log-only': 1,
  'break-glass-used': 1,
  'unproven-approval': 1,
  'expired-value-read': 1,
  'secret-not-inventoried': 1,
  'clock-off': 1,
  'refused-outside': 1,
  'old-value-alive': 1,
  'place-not-served': 1,
  'approval-missing': 1,
  'emergency-unexplained': 1,
  'broker-read-outside-policy': 1,
  'use-outside-policy': 1,
  'access-not-approved': 1,
  'job-unconfirmed': 1,
  'rows-below-total': 1,
  'slice-altered': 1,
  'policy-widened': 1,
  'grant-beyond-policy': 1,
  'setup-changed': 1,
  'vault-unshielded': 1,
  'deletion-irrecoverable': 1,
  'log-not-kept': 1,
} as const satisfies Record<FindingRule, 1>;

async function* none(): AsyncGenerator<never> {}

describe('the catalogue of controls', () => {
  it('maps every rule to a test, and every test to a control of both frameworks', async () => {
    const { observations, frameworks } = await readControlCatalogue(['soc2', 'iso27001']);
    expect([...new Set(observations.flatMap((one) => one.rules))].sort()).toEqual(Object.keys(rules).sort());
    expect(observations.map((one) => one.id).sort()).toEqual(Object.keys(controlTests).sort());
    for (const { framework, controls } of frameworks) {
      const used = new Set(controls.flatMap(({ tests }) => tests.map(({ observation }) => observation.id)));
      const unused = observations.map((one) => one.id).filter((id) => !used.has(id));
      expect([framework, unused]).toEqual([framework, []]);
    }
  });

  it('has either a test or a reason for every control', async () => {
    const { frameworks } = await readControlCatalogue(['soc2', 'iso27001']);
    for (const { id, tests, notTested } of frameworks.flatMap(({ controls }) => controls)) {
      expect([id, tests.length > 0], `${id}`).toEqual([id, notTested === null]);
    }
  });
});

describe('the model of the report', () => {
  it('counts every read exactly once, by grade, by kind and by day', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 700 }), async (count) => {
        const audited = auditedStory({ reads: count });
        const { reads } = await modelOfStory({ audited });
        const sum = (counts: readonly number[]): number => counts.reduce((total, one) => total + one, 0);
        expect([
          reads.total,
          sum(reads.grades.map((one) => one.count)),
          sum(reads.groups.map((one) => one.count)),
          sum(reads.bars.map((one) => one.total)),
        ]).toEqual([count, count, count, count]);
        for (const grade of grades)
          expect(reads.grades.find((one) => one.grade === grade)?.count).toBe(audited.expected.get(grade) ?? 0);
      }),
      { numRuns: 12 },
    );
  });

  it('states what was tested, never that a control is met', async () => {
    const model = await modelOfStory();
    const html = await renderHtml(model);
    expect(html).not.toMatch(/complian|conform|satisf|passed/i);
    const accounted = model.frameworks[0]?.controls.find(({ id }) => id === 'CC6.1')?.tests[0]?.observation;
    expect(accounted?.statement).toBe('Tested 400 reads; exceptions: 45 (11.3 %).');
  });

  it('does not say that there are no exceptions, or leave one out, where a test deviates without a rule', async () => {
    const complete = auditedStory();
    const look = {
      at: '2026-10-04T13:10:00.000Z',
      vault: 'kv-prod',
      usesRoles: true,
      softDelete: true,
      softDeleteDays: 90,
      purgeProtection: false,
      publicAccess: false,
      firewall: { defaultAction: 'deny', azureServices: false, addresses: [], networks: 0 },
      changes: [],
    } as const;
    const access = { ...complete.access, grantDays: [], setupLooks: [look] };
    const title = 'What is deleted can be recovered for the time that Azure keeps it (1)';
    const model = await modelOfStory({ audited: { ...complete, access } });
    expect(model.exceptions.elsewhere).toContain(title);
    expect(await renderHtml(model)).toContain(title);
    const bare = await modelOfStory({ audited: { ...complete, findings: [], access } });
    expect(bare.exceptions.elsewhere).toMatch(
      /^Deviations of \d+ tests are in the control matrix alone: .*; \d+ more\.$/,
    );
    expect(await renderHtml(bare)).not.toContain('The tests found no exceptions');
    expect(Buffer.from(paperFiles(bare)['made.json'] ?? []).toString()).not.toContain('The tests found no exceptions');
  });

  it('names what a look at Azure did not show where a reader looks for what is missing', async () => {
    const says = "the plan and retention of the log's tables could not be seen, because Azure did not answer";
    const complete = auditedStory();
    const hour = { hour: '2026-10-01T00:00:00.000Z', rows: 1, state: 'covered' } as const;
    const whole = { ...complete, notRead: [], unreadableRows: [], coverage: [hour] };
    const model = await modelOfStory({
      audited: {
        ...whole,
        access: {
          grantDays: [],
          settingLooks: [],
          tableLooks: [],
          setupLooks: [],
          notSeen: [{ about: 'tables', says }],
        },
      },
    });
    expect(model.notSeen).toEqual([says]);
    const html = await renderHtml({ ...model, coverage: { ...model.coverage, notRead: 0, gaps: 0 } });
    expect(html).toContain('<li>The plan and retention of the log&#x27;s tables could not be seen');
    expect(html).not.toContain('Every hour of the log was read');
    expect(Buffer.from(paperFiles(model)['made.json'] ?? []).toString()).toContain('The plan and retention of the log');
  });

  it('states that nothing was tested, and why, if there was no data', async () => {
    const audited = {
      ...auditedStory({ reads: 0 }),
      rowsRead: 0,
      unreadableRows: [],
      exclusions: [],
      findings: [],
      inventory: [],
      rotationsDue: [],
      coverage: [],
      queries: [],
      slices: [],
      receipts: { posted: 0, logged: 0, matched: 0, orphaned: 0 },
      receiptRecords: [],
      secretDays: () => none(),
      access: {
        grantDays: [],
        settingLooks: [],
        tableLooks: [],
        setupLooks: [],
        notSeen: [{ about: 'looks' as const, says: 'nobody looked at grants and settings in the period' }],
      },
    };
    const model = await modelOfStory({ audited, rotations: [] });
    const statements = model.frameworks.flatMap(({ controls }) => controls.map(({ statement }) => statement));
    expect(statements.filter((statement) => !statement.startsWith('Not tested: '))).toEqual([]);
    expect(model.coverage).toMatchObject({ covered: 0, notRead: 720 });
    expect([model.status, model.coverage.gapHours.rows]).toEqual([
      'provisional',
      [{ hours: '2026-10-01 00:00 to 2026-10-31 00:00', state: 'not read' }],
    ]);
    expect(await renderHtml(model)).toContain('No rotation ran in this period.');
    expect(
      (await renderPdf(model, { 'data-manifest.json': Buffer.from('{}'), 'findings.ndjson': Buffer.from('') })).length,
    ).toBeGreaterThan(10_000);
  });

  it('states for every rotation who requested it and why, who broke the glass, and the outcome for both values', async () => {
    const model = await modelOfStory();
    const html = await renderHtml(model);
    for (const words of [
      'requested by bob@example.org (subject-of-bob@example.org at https://login.example.org): the value stood in a public build log',
      '<strong>emergency</strong>',
      'break-glass: publish approved by alice@example.org (subject-of-alice@example.org at https://login.example.org), 2026-10-10 00:01:00: nobody else is awake',
      'alice@example.org: the shop cannot sign in. The old value is in force again',
      'Another publisher set the secret 2026-07-22 00:30 UTC.',
    ])
      expect(html).toContain(words);
    expect(model.rotations.ends.map(({ end }) => end)).toContain('none (first value)');
    const ended = model.frameworks
      .flatMap(({ controls }) => controls.flatMap(({ tests }) => tests))
      .find(({ observation }) => observation.id === 'old-values-end');
    expect(ended?.observation).toMatchObject({
      population: { name: 'credentials replaced', count: 6, file: 'rotations.ndjson' },
      tested: 2,
      exceptions: 1,
      notTested:
        '1 credential disabled, of a kind that no provider can be asked about; 2 credentials still in grace; 1 credential in force again after a roll-back',
    });
  });

  it('says so if the exclusions do not lead to the population', async () => {
    const right = await modelOfStory();
    const wrong = await modelOfStory({ audited: { ...auditedStory(), rowsRead: 9999 } });
    expect([right.provenance.waterfallAddsUp, wrong.provenance.waterfallAddsUp]).toEqual([true, false]);
    expect(await renderHtml(wrong)).toContain('These do not add up.');
    expect(await renderHtml(right)).not.toContain('These do not add up.');
  });

  it('caps long tables and names the file with the rest', async () => {
    const { reads } = await modelOfStory({ audited: auditedStory({ reads: 2500 }) });
    expect([reads.all.rows.length, reads.all.note]).toEqual([1000, '1,000 of 2,500; all in retrievals.ndjson']);
  });

  it('adds up the shares of all groups to 100 %', () => {
    expect(sharesText([390, 8, 1, 1])).toEqual(['97.5 %', '2 %', '0.3 %', '0.2 %']);
    fc.assert(
      fc.property(fc.array(fc.nat(1_000_000), { minLength: 1, maxLength: 6 }), (parts) => {
        const shares = sharesText(parts);
        if (parts.every((part) => part === 0)) return;
        const sum = shares.reduce((total, share) => total + Math.round(Number(share.replace(' %', '')) * 10), 0);
        expect(sum).toBe(1000);
        for (const [index, part] of parts.entries()) expect(shares[index] === '0 %').toBe(part === 0);
      }),
    );
  });

  it('lists the reads to review by risk, and a person beside the untied ones', async () => {
    const { reads } = await modelOfStory();
    const order = [...new Set(reads.toLookAt.rows.map(({ grade }) => grade))];
    expect(order).toEqual(['contradicted', 'rotation-unexplained', 'person', 'unattributed', 'claimed', 'ambiguous']);
    const person = reads.groups.find(({ group }) => group === 'by a person');
    expect(person?.count).toBe(reads.grades.find(({ grade }) => grade === 'person')?.count);
  });

  it('lists exceptions by risk: a person before the overdue secret, production before the rest', async () => {
    const { exceptions } = await modelOfStory();
    expect(exceptions.listed.rows.map(({ rule }) => rule)).toEqual([
      'Contradicted read',
      'Read outside namespace',
      'Duplicate receipt',
      'Read by person',
      'Denied burst',
      'Rotation overdue',
      'Log gap',
      'Secret never read',
      'Unreadable row',
    ]);
  });

  it('never rounds a share to 100 % or 0 %', () => {
    expect([
      shareText(999_999, 1_000_000),
      shareText(1, 1_000_000),
      shareText(5, 5),
      shareText(0, 5),
      shareText(0, 0),
    ]).toEqual(['99.9 %', '0.1 %', '100 %', '0 %', '–']);
  });
});

describe('the typesetter', () => {
  it('fails without crashing this process if its native code crashes', async () => {
    // An attachment without a byte divides by zero in the PDF writer.
    const attachments = { 'data-manifest.json': Buffer.from('{}'), 'findings.ndjson': Buffer.from('') };
    await expect(renderPdf(await modelOfStory(), attachments)).rejects.toMatchObject({
      code: 'PDF_NOT_RENDERED',
      details: { stage: 'worker' },
    });
  });

  it('reports the stage at which it failed', async () => {
    await expect(renderPdf(await modelOfStory(), {})).rejects.toMatchObject({
      code: 'PDF_NOT_RENDERED',
      details: { stage: 'layout' },
    });
  });
});

describe('names that an attacker chose', () => {
  it('are plain text in the HTML: no markup, no template, nothing hidden, nothing from a network', async () => {
    const html = await renderHtml(await modelOfStory());
    // The one script is the report's own; a name of the story would be a second.
    expect(html.match(/<script/g)).toHaveLength(1);
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(html).toContain('acme/{{constructor}}-{{{raw}}}');
    expect(html).toContain('acme/⟨U+202E⟩txt.exe⟨U+200B⟩⟨U+2066⟩web');
    for (const name of hostile) for (const sign of name) if (/\p{Cf}/u.test(sign)) expect(html).not.toContain(sign);
    expect(html.match(/(?:src|href|action|url)\s*[=(]\s*["']?(?:https?:)?\/\//gi)).toBeNull();
    expect(html).toContain("default-src 'none'");
  });

  it('never reach a template unescaped, and the typesetter never evaluates them', async () => {
    const folder = new URL('../../../templates/', import.meta.url);
    for (const name of await readdir(folder, { recursive: true })) {
      if (!/\.(hbs|typ)$/.test(name)) continue;
      const source = await readFile(new URL(name, folder), 'utf8');
      expect([name, /\{\{\{|\{\{&|\beval\(/.test(source)]).toEqual([name, false]);
    }
  });
});
