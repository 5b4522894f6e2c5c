import { readFileSync } from 'node:fs';
import { Ajv2020 as Ajv } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { readControlCatalogue } from '../../../src/evidence/report/control-catalogue.ts';
import { applyOwnControls, ownControlsSchema, parseOwnControls } from '../../../src/evidence/report/own-controls.ts';
import { renderHtml } from '../../../src/evidence/render/render-html.ts';
import { modelOfStory } from '../model.ts';

const whole = `format: 1
controls:
  CC6.1:
    ids: [ACC-01, ACC 02]
    owner: Head of platform
    frequency: quarterly
  CC9.2:
    leaveOut: vendors are reviewed in another system
add:
  title: PCI DSS 4.0.1
  controls:
    8.6.3:
      description: Passwords of applications are changed in time
      owner: Head of payments
      customer: Decide how often, by a targeted risk analysis.
      tests:
        rotation-on-time: A version that is in use past its time was not changed in time.
`;
const parsed = async (text: string) => await parseOwnControls(text, 'keyturn.controls.yml');
const faultsOf = async (text: string) => {
  try {
    await parsed(text);
  } catch (error) {
    const { code, details } = error as { code: string; details: { file: string; faults: readonly string[] } };
    expect([code, details.file]).toEqual(['CONTROLS_MALFORMED', 'keyturn.controls.yml']);
    return details.faults;
  }
  return [];
};

describe("the operator's own controls", () => {
  it('carry own ids, owner and frequency into the matrix and the control', async () => {
    const model = await modelOfStory({ controls: await parsed(whole) });
    const control = model.frameworks[0]?.controls.find(({ id }) => id === 'CC6.1');
    expect(control).toMatchObject({ ownIds: ['ACC-01', 'ACC 02'], owner: 'Head of platform', frequency: 'quarterly' });
    const line = model.matrix.find(({ test }) => test.id === 'rotation-on-time');
    expect(line).toMatchObject({ ownIds: ['ACC-01', 'ACC 02', '8.6.3'] });
    expect(line?.controls).not.toContain('8.6.3');
    expect(model.identity.find(({ name }) => name === 'Own controls')?.value).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(await renderHtml(model)).toContain('<span class="own-id">ACC-01</span>');
  });

  it('leave a control out in sight of the reader, with the reason', async () => {
    const model = await modelOfStory({ controls: await parsed(whole) });
    expect(model.frameworks[0]?.controls.some(({ id }) => id === 'CC9.2')).toBe(false);
    expect(await renderHtml(model)).toContain('<strong>CC9.2</strong>: vendors are reviewed in another system');
  });

  it('add controls as a section of their own, with the results of the tests they name', async () => {
    const model = await modelOfStory({ controls: await parsed(whole), frameworks: ['soc2'] });
    const added = model.frameworks.at(-1);
    expect([added?.framework, added?.title, added?.controls.map(({ id }) => id)]).toEqual([
      'own',
      'PCI DSS 4.0.1',
      ['8.6.3'],
    ]);
    expect(added?.controls[0]?.tests[0]?.observation.population.count).toBe(3);
    expect(await renderHtml(model)).toContain('SOC 2 · PCI DSS 4.0.1');
  });

  it.each([
    [
      'an unknown control',
      'format: 1\ncontrols:\n  CC66:\n    owner: x\n',
      ['3:3 controls.CC66 is no control of SOC 2 or ISO/IEC 27001 here; docs/controls.md lists them'],
    ],
    [
      'an unknown test',
      whole.replace('rotation-on-time:', 'rotation-in-time:'),
      ['17:9 add.controls.8.6.3.tests.rotation-in-time is not a test; docs/controls.md lists them'],
    ],
    ['an unknown key', 'format: 1\ncontrols:\n  CC6.1:\n    id: [A]\n', ['4:5 controls.CC6.1.id is an unknown key']],
    [
      'a control that is left out and mapped',
      'format: 1\ncontrols:\n  CC6.1:\n    ids: [A]\n    leaveOut: no\n',
      ['3:3 controls.CC6.1 is left out, so nothing else can be said of it'],
    ],
    [
      'a control of which nothing is said',
      'format: 1\ncontrols:\n  CC6.1: {}\n',
      ['3:3 controls.CC6.1 says nothing: name ids, owner, frequency or leaveOut'],
    ],
    [
      'an id that no table can hold',
      'format: 1\ncontrols:\n  CC6.1:\n    ids: ["<b>"]\n',
      [expect.stringMatching(/^4:11 controls\.CC6\.1\.ids\.0 must be 1 to 40 letters/)],
    ],
    ['a format of another release', 'format: 2\n', ['1:1 format must be 1']],
    ['a missing format', 'controls: {}\n', ['1:1 format is missing']],
    ['text that is no YAML', 'format: 1\ncontrols: [\n', [expect.stringMatching(/^3:1 /)]],
    [
      'an added control that belongs to the framework',
      whole.replace('8.6.3:', 'A.5.3:'),
      ['12:5 add.controls.A.5.3 is a control of the framework; map it under controls'],
    ],
    [
      'an added control without a description',
      whole.replace(/      description:.*\n/, ''),
      ['12:5 add.controls.8.6.3.description is missing'],
    ],
  ])('refuse %s, with line and column', async (_what, text, faults) => {
    expect(await faultsOf(text)).toEqual(faults);
  });

  it('change nothing where there is no file', async () => {
    const catalogue = await readControlCatalogue(['soc2', 'iso27001']);
    expect(applyOwnControls(catalogue, null)).toBe(catalogue);
  });
});

describe('docs/keyturn.controls.schema.json', () => {
  const file = 'docs/keyturn.controls.schema.json';
  const schema = JSON.parse(readFileSync(file, 'utf8')) as object;

  it('is the schema that the parser uses', () => {
    const { $schema: _dialect, ...said } = z.toJSONSchema(ownControlsSchema, { io: 'input' });
    expect(schema).toMatchObject(said);
  });

  it('takes the example, and refuses an unknown key', () => {
    const isValid = new Ajv({ strict: false }).compile(schema);
    expect(isValid(parse(whole))).toBe(true);
    expect(isValid({ format: 1, control: {} })).toBe(false);
  });
});
