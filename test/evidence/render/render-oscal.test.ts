import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { producePack } from '../../../src/evidence/produce-pack.ts';
import { renderOscal } from '../../../src/evidence/render/render-oscal.ts';
import type { ReportModel } from '../../../src/evidence/report/report-model.ts';
import { publishedContract, unlessContractsAreAbsent } from '../../published-contracts.ts';
import type { FindingStep } from '../../../src/audit/model/finding-life.ts';
import { liveFindings } from '../../../src/audit/findings/life/live-findings.ts';
import { personCalled } from '../../provenance/people.ts';
import { modelOfStory } from '../model.ts';
import { orderOf } from '../order.ts';
import { auditedStory } from '../story.ts';

const schema = publishedContract('07-controls/oscal_assessment-results_schema.json');

describe('the report as OSCAL assessment results', unlessContractsAreAbsent, () => {
  let valid: (model: ReportModel) => readonly string[];

  beforeAll(async () => {
    const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: true });
    // The package is CommonJS with its function as `default`, which TypeScript and Node see in two ways.
    (addFormats as unknown as (ajv: Ajv) => void)(ajv);
    const check = ajv.compile(JSON.parse(await readFile(schema, 'utf8')) as object);
    valid = (model) =>
      check(renderOscal(model)) ? [] : (check.errors ?? []).map((one) => `${one.instancePath} ${one.message ?? ''}`);
  });

  it('is valid by the published schema, even with hostile names', async () => {
    expect(valid(await modelOfStory())).toEqual([]);
    expect(valid(await modelOfStory({ frameworks: ['iso27001'] }))).toEqual([]);
    expect(valid((await modelWithLives()).model)).toEqual([]);
  });

  it('is valid for an empty period', async () => {
    const audited = {
      ...auditedStory({ reads: 0 }),
      findings: [],
      inventory: [],
      rotationsDue: [],
      coverage: [],
      queries: [],
      slices: [],
    };
    expect(valid(await modelOfStory({ audited, rotations: [] }))).toEqual([]);
  });
});

interface Finding {
  readonly title: string;
  readonly props: readonly { readonly name: string; readonly value: string }[];
  readonly target: { readonly 'target-id': string; readonly status: { readonly state: string } };
  readonly 'related-observations': readonly { readonly 'observation-uuid': string }[];
}
interface Evidence {
  readonly href: string;
  readonly props: readonly { readonly name: string; readonly value: string }[];
  readonly links: readonly { readonly href: string }[];
}
interface Results {
  readonly 'import-ap': { readonly href: string };
  readonly 'local-definitions': {
    readonly 'objectives-and-methods': readonly {
      readonly 'control-id': string;
      readonly parts: readonly { readonly id: string }[];
    }[];
  };
  readonly results: readonly [
    {
      readonly 'reviewed-controls': {
        readonly 'control-selections': readonly {
          readonly 'include-controls': readonly { readonly 'control-id': string }[];
        }[];
      };
      readonly observations: readonly { readonly uuid: string; readonly 'relevant-evidence'?: readonly Evidence[] }[];
      readonly findings: readonly Finding[];
    },
  ];
  readonly 'back-matter': { readonly resources: readonly { readonly uuid: string }[] };
}

/** The story with one exception that is open and answered, one that is accepted and one that is fixed. */
async function modelWithLives() {
  const audited = auditedStory();
  const [open, accepted, fixed] = audited.findings;
  if (open === undefined || accepted === undefined || fixed === undefined) throw new Error('the story has findings');
  const step = (finding: string, change: Partial<FindingStep>): FindingStep => ({
    format: 1,
    number: 1,
    finding,
    at: '2026-10-20T00:00:00.000Z',
    by: personCalled('ann'),
    kind: 'accepted',
    text: 'our own scanner',
    until: null,
    owner: null,
    due: null,
    ticket: null,
    previous: null,
    ...change,
  });
  const findingSteps = [
    step(accepted.id, { until: '2026-12-31T00:00:00.000Z' }),
    step(open.id, { kind: 'responded', text: 'the runner gets a grant of its own', due: '2026-11-30' }),
  ];
  const ended = { ...fixed, ended: { at: '2026-10-21T00:00:00.000Z', by: 'kv-prod/x@v2' } };
  const findings = [open, accepted, ended, ...audited.findings.slice(3)];
  const findingLives = liveFindings(findings, findingSteps, new Date('2026-11-02T00:00:00Z'));
  const model = await modelOfStory({ audited: { ...audited, findings, findingLives, findingSteps } });
  return { model, findings, open, accepted, fixed };
}

describe('a risk', () => {
  it('tells where its exception is in its life, by when it is due, and what management answered', async () => {
    const { model, findings, open, accepted, fixed } = await modelWithLives();
    const document = renderOscal(model) as unknown as { 'assessment-results': { results: [{ risks: Risk[] }] } };
    const { risks } = document['assessment-results'].results[0];
    expect(risks).toHaveLength(findings.length);
    const of = ({ id }: { readonly id: string }) =>
      risks.find(({ props }) => props.some(({ name, value }) => name === 'finding' && value === id));
    expect(of(open)).toMatchObject({
      status: 'open',
      deadline: '2026-11-30T23:59:59Z',
      remediations: [{ lifecycle: 'planned', description: 'the runner gets a grant of its own' }],
    });
    expect([of(accepted)?.status, of(fixed)?.status]).toEqual(['deviation-approved', 'closed']);
  });
});

interface Risk {
  readonly status: string;
  readonly props: readonly { readonly name: string; readonly value: string }[];
}

describe('a population in many parts', () => {
  const part = (number: number) => ({
    path: `retrievals-${String(number).padStart(4, '0')}.ndjson.gz`,
    description: 'Every read',
    bytes: 8_000_000,
    rows: 5_000,
    sha256: createHash('sha256').update(String(number)).digest('hex'),
  });
  const parts = Array.from({ length: 300 }, (_, index) => part(index + 1));
  const lengthWith = async (count: number) =>
    JSON.stringify(renderOscal(await modelOfStory({}, parts.slice(0, count)))).length;

  it('is named by each exception once, and has the digest of each part in one place', async () => {
    const text = JSON.stringify(renderOscal(await modelOfStory({}, parts)));
    const { 'back-matter': matter, results } = (JSON.parse(text) as { 'assessment-results': PartedResults })[
      'assessment-results'
    ];
    const reads = matter.resources.find(({ title }) => title === 'Every read, in 300 parts');
    expect(reads?.rlinks?.map(({ href }) => href)).toEqual(parts.map(({ path }) => path));
    expect(reads?.rlinks?.map(({ hashes }) => hashes[0]?.value)).toEqual(parts.map(({ sha256 }) => sha256));
    const exceptions = results[0].observations.filter(({ types }) => types.includes('finding'));
    const named = exceptions.flatMap((one) => one['relevant-evidence'] ?? []).map(({ href }) => href);
    expect(new Set(named)).toEqual(new Set([`#${reads?.uuid ?? ''}`]));
    expect(named.length).toBeGreaterThan(0);
  });

  it('makes the document longer by its parts, and not by its parts for each exception', async () => {
    const [few, many] = [await lengthWith(100), await lengthWith(300)];
    expect((many - few) / 200).toBeLessThan(400);
  });
});

interface PartedResults {
  readonly results: readonly [
    {
      readonly observations: readonly {
        readonly types: readonly string[];
        readonly 'relevant-evidence'?: readonly { readonly href: string }[];
      }[];
    },
  ];
  readonly 'back-matter': {
    readonly resources: readonly {
      readonly uuid: string;
      readonly title: string;
      readonly rlinks?: readonly { readonly href: string; readonly hashes: readonly { readonly value: string }[] }[];
    }[];
  };
}

describe('OSCAL findings of a pack', () => {
  let folder: string;
  let results: Results;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keyturn-oscal-'));
    await producePack(orderOf({ out: folder }));
    const text = await readFile(join(folder, 'oscal-assessment-results.json'), 'utf8');
    results = (JSON.parse(text) as { 'assessment-results': Results })['assessment-results'];
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const kindOf = ({ props }: Finding): string => props.find(({ name }) => name === 'kind')?.value ?? '';

  it('lead to a control that was reviewed', () => {
    const [{ findings, 'reviewed-controls': reviewed }] = results.results;
    const selected = reviewed['control-selections'].flatMap((one) =>
      one['include-controls'].map((control) => control['control-id']),
    );
    for (const { title, target } of findings) {
      const control = results['local-definitions']['objectives-and-methods'].find(({ parts }) =>
        parts.some(({ id }) => id === target['target-id']),
      );
      expect([title, selected]).toEqual([title, expect.arrayContaining([control?.['control-id']])]);
    }
    expect(findings.length).toBeGreaterThan(50);
  });

  it('lead to a file of the pack, with the digest that it has', async () => {
    const [{ findings, observations }] = results.results;
    const byUuid = new Map(observations.map((one) => [one.uuid, one]));
    const digests = new Map<string, string>();
    for (const finding of findings) {
      const evidence = finding['related-observations'].flatMap(
        (one) => byUuid.get(one['observation-uuid'])?.['relevant-evidence'] ?? [],
      );
      expect([finding.title, evidence.length]).not.toEqual([finding.title, 0]);
      for (const { href, props } of evidence) {
        const bytes = await readFile(join(folder, decodeURI(href)));
        digests.set(href, createHash('sha256').update(bytes).digest('hex'));
        expect(props.find(({ name }) => name === 'sha256')?.value).toBe(digests.get(href));
      }
    }
    expect([...digests.keys()]).toEqual(expect.arrayContaining(['retrievals.ndjson', 'findings.ndjson']));
  });

  it('say satisfied where something was tested and nothing was met, and leave the conclusion to the assessor', () => {
    const [{ findings }] = results.results;
    const states = (kind: string) =>
      new Set(findings.filter((one) => kindOf(one) === kind).map(({ target }) => target.status.state));
    expect(states('objective')).toEqual(new Set(['satisfied', 'not-satisfied']));
    expect(states('exception')).toEqual(new Set(['not-satisfied']));
    expect(JSON.stringify(findings).split("The conclusion is the assessor's.")).toHaveLength(findings.length + 1);
  });

  it('leave no reference without what it names', () => {
    const text = JSON.stringify(results);
    const defined = new Set([...text.matchAll(/"uuid":"([^"]+)"/g)].map(([, uuid]) => uuid));
    const named = [
      ...text.matchAll(/"(?:observation-uuid|risk-uuid|subject-uuid|actor-uuid)":"([^"]+)"|"href":"#([^"]*)"/g),
    ].map(([, uuid, anchor]) => uuid ?? anchor);
    const parties = [...text.matchAll(/"party-uuids":\["([^"]+)"\]/g)].map(([, uuid]) => uuid);
    expect(named.length).toBeGreaterThan(100);
    expect([...named, ...parties].filter((uuid) => !defined.has(uuid))).toEqual([]);
    expect(results['back-matter'].resources.map(({ uuid }) => `#${uuid}`)).toContain(results['import-ap'].href);
  });
});
