import { readFile } from 'node:fs/promises';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { beforeAll, describe, expect, it } from 'vitest';
import { renderOscal } from '../../../src/evidence/render/render-oscal.ts';
import type { ReportModel } from '../../../src/evidence/report/report-model.ts';
import { publishedContract, unlessContractsAreAbsent } from '../../published-contracts.ts';
import { modelOfStory } from '../model.ts';
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
  });

  it('is valid for an empty period', async () => {
    const audited = {
      ...auditedStory({ reads: 0 }),
      findings: [],
      inventory: [],
      coverage: [],
      queries: [],
      slices: [],
    };
    expect(valid(await modelOfStory({ audited, rotations: [] }))).toEqual([]);
  });
});

describe('OSCAL findings', () => {
  it('are only exceptions: no control is called satisfied', async () => {
    const written = JSON.stringify(renderOscal(await modelOfStory()));
    expect(written).not.toContain('"satisfied"');
    expect(written).toContain('"not-satisfied"');
  });
});
