import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { commands } from '../../src/commands/command-table.ts';
import { outputTable } from '../../src/commands/schema/output-table.ts';
import { openApi } from '../web/described-answers.ts';
import { callCommand } from './call-command.ts';
import { outputFaults } from './output-faults.ts';

const withJson = commands.flatMap(({ row }) => (Object.hasOwn(row.options, 'json') ? [row.name] : []));
const tests = globSync('test/{commands,start,server,docs}/**/*.test.ts').map((file) => readFileSync(file, 'utf8'));

describe('keyturn schema', () => {
  it('knows every command that has --json, and no other', () => {
    expect(Object.keys(outputTable).sort()).toEqual([...withJson].sort());
  });

  it.each(withJson)('prints the JSON Schema of keyturn %s --json', async (name) => {
    const { code, printed } = await callCommand(['schema', name]);
    expect(code).toBe(0);
    expect(JSON.parse(printed.join('\n'))).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title: `keyturn ${name} --json`,
    });
  });

  it.each(withJson)('is held against an output of keyturn %s in a test', (name) => {
    const called = tests.filter((text) => text.includes(`'${name}'`) && text.includes("'--json'"));
    expect(called.length).toBeGreaterThan(0);
  });

  it('sees an output that is not what it says', () => {
    expect(outputFaults(['decline'], ['{"declined":"x"}', '{"error":{"code":"X","says":"Y.","details":{}}}'])).toEqual(
      [],
    );
    expect(outputFaults(['decline'], ['{"declined":"x","more":1}'])).toHaveLength(1);
    expect(outputFaults(['status'], ['{}'])).toHaveLength(1);
  });

  it('prints the OpenAPI document', async () => {
    const { printed } = await callCommand(['schema', 'http']);
    expect(JSON.parse(printed.join('\n'))).toEqual(JSON.parse(JSON.stringify(openApi)));
  });

  it('refuses a name that it does not know, and names those that it does', async () => {
    const { code, said } = await callCommand(['schema', 'completion']);
    expect([code, said.join('\n')]).toEqual([2, expect.stringContaining('http or one of start')]);
  });
});
