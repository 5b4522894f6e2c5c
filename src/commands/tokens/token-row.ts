import type { CommandRow } from '../../command-line/command-row.ts';
import { tokenScopes } from '../../web/tokens/api-token.ts';

export const tokenRow = {
  name: 'token',
  summary: 'makes, lists and revokes API tokens for programs',
  about: `create makes an API token for a program and prints it once; the records hold a digest alone. A program sends it as
Authorization: Bearer. It is a machine account: journals name it, and it can approve nothing. Its scopes say what it may ask:
${Object.entries(tokenScopes)
  .map(([name, says]) => `${name} ${says}`)
  .join('; ')}. list shows every token with its scopes, its end and the hour of its last use. revoke
ends one at once, by its id, or by its name if one token alone has it and still counts.

Exit codes: 0 done; 1 there is no such token; 2 wrong use; 3 could not read or write the records.`,
  usages: [
    'create NAME --scope SCOPE[,SCOPE]... [--expires DURATION] [--json]',
    'list [--json]',
    'revoke ID|NAME [--json]',
  ],
  arguments: [
    { name: 'ACTION', says: 'what to do', choices: ['create', 'list', 'revoke'], required: true },
    { name: 'NAME', says: 'the name of the new token, or the id or name of the one to revoke' },
  ],
  options: {
    scope: {
      value: 'SCOPE',
      says: `what it may ask, separated by commas: ${Object.keys(tokenScopes).join(', ')}`,
      repeats: true,
    },
    expires: { value: 'DURATION', says: 'how long it counts, such as 30d; a year at most (default: 90d)' },
    json: { says: 'prints the token, or each of the list, as one line of JSON' },
  },
  examples: [
    'keyturn token create prometheus --scope metrics --expires 30d',
    'keyturn token create pipeline --scope read,rotate',
    'keyturn token revoke prometheus',
  ],
} as const satisfies CommandRow;
