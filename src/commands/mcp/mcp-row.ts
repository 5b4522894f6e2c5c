import type { CommandRow } from '../../command-line/command-row.ts';

export const mcpRow = {
  name: 'mcp',
  summary: 'lets an AI agent ask who may read a secret, who did, and what a rotation would do',
  about: `Serves tools of the Model Context Protocol on standard input and output, until the input ends: explain_read says whether
jobs of a repository may read a secret, plan_rotation what a rotation would do, who_read who read a secret. No tool changes
anything, approves anything or returns a value. The settings are KEYTURN_... environment variables, as for keyturn serve;
explain_read alone needs KEYTURN_POLICY alone. A job's agent asks for access and makes requests with keyturn-fetch mcp.`,
  options: {},
  examples: ['keyturn mcp'],
} as const satisfies CommandRow;
