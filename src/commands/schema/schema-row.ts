import type { CommandRow } from '../../command-line/command-row.ts';

export const schemaRow = {
  name: 'schema',
  summary: "prints the JSON Schema of a command's --json, or the OpenAPI document",
  about: `Prints the JSON Schema (2020-12) of what a command prints with --json, its failures included; for http, the OpenAPI document
of the HTTP interface, which the server shows at /openapi.json. It reads no setting and sends nothing. keyturn policy schema
prints the schema of the policy file.`,
  arguments: [{ name: 'COMMAND', says: 'a command that has --json, or http', required: true }],
  options: {},
  examples: ['keyturn schema status', 'keyturn schema http > keyturn.openapi.json'],
} as const satisfies CommandRow;
