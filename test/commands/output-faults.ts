import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { outputSchema } from '../../src/commands/schema/output-table.ts';

const ajv = new Ajv2020({
  strict: true,
  // A record whose keys are a closed list names them as required, and not as properties.
  strictRequired: false,
  allErrors: true,
  allowUnionTypes: true,
});
addFormats.default(ajv);
const known = new Map<string, ValidateFunction>();

/** These print rows of evidence, which have formats of their own, unless a file takes them. */
const printsRows = new Set(['attribute', 'sample']);

/** What the lines that a call printed with `--json` are that the schema of its command does not say. */
export function outputFaults(words: readonly string[], printed: readonly string[]): readonly string[] {
  const [command = ''] = words;
  const schema = outputSchema(command);
  if (schema === null || (printsRows.has(command) && !words.includes('--out'))) return [];
  const validate = known.get(command) ?? ajv.compile(schema);
  known.set(command, validate);
  return printed.flatMap((line) => {
    const content = parsed(line);
    if (content === null || validate(content)) return [];
    return [`${command}: ${ajv.errorsText(validate.errors)} in ${line}`];
  });
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // A line for people, such as one of a usage error.
    return null;
  }
}
