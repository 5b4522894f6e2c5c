import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readControlCatalogue } from '../../src/evidence/report/control-catalogue.ts';
import { parseOwnControls } from '../../src/evidence/report/own-controls.ts';
import { heldBlock, markdownTable } from './held-block.ts';

const page = 'docs/controls.md';
const catalogue = await readControlCatalogue(['soc2', 'iso27001']);
const controls = catalogue.frameworks.flatMap((section) => section.controls);

describe('docs/controls.md', () => {
  it('lists every test with its population', () => {
    const rows = catalogue.observations.map(({ id, title, frequency, population: { name, file } }) => [
      `\`${id}\``,
      title,
      frequency,
      `${name}, in \`${file}\``,
    ]);
    heldBlock(page, 'tests', markdownTable(['test', 'question', 'how often', 'population'], rows));
  });

  it('gives a reason for each mapping of a test to a control', () => {
    const rows = controls.flatMap(({ id, tests }) =>
      tests.map(({ observation, why }) => [id, `\`${observation.id}\``, observation.population.name, why]),
    );
    heldBlock(page, 'mapping', markdownTable(['control', 'test', 'population', 'a deviation counts, because'], rows));
  });

  it('says who owns each control, and what it needs that Keyturn cannot do', () => {
    const rows = controls.map(({ id, description, owner, customer, notTested }) => [
      id,
      `${description}${notTested === null ? '' : `. *Not tested*: ${notTested.replace(/\.$/, '')}`}`,
      owner,
      customer,
    ]);
    heldBlock(page, 'owners', markdownTable(['control', "in Keyturn's words", 'owner', 'left to you'], rows));
  });

  it('names as not mapped only what is not mapped', () => {
    const text = readFileSync(page, 'utf8').split('## What is not mapped')[1] ?? '';
    const rows = [...text.matchAll(/^\| (\S+) \| (`[^|]+) \|/gm)];
    expect(rows.length).toBeGreaterThan(5);
    for (const [, id = '', tests = ''] of rows) {
      const mapped = controls.find((one) => one.id === id)?.tests.map(({ observation }) => observation.id) ?? [];
      for (const [, test = ''] of tests.matchAll(/`([^`]+)`/g))
        expect([id, mapped.includes(test)]).toEqual([id, false]);
    }
  });

  it('shows a file of controls that is accepted', async () => {
    const example = /```yaml\n([\s\S]*?)```/.exec(readFileSync(page, 'utf8'))?.[1] ?? '';
    const { controls: mapped, added } = await parseOwnControls(example, 'the example');
    expect([mapped.size, Object.keys(added?.controls ?? {})]).toEqual([2, ['8.6.3', 'IA-5']]);
  });
});
