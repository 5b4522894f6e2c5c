import type { CommandRow } from '../../command-line/command-row.ts';

export const policyRow = {
  name: 'policy',
  summary: 'checks a policy offline, shows its schema, compares two',
  about: `check reads a policy and names every mistake with its line and column: keys, durations, names, issuers and the shape of
each issuer's target. schema prints the JSON Schema of the file, for editors. diff says what would change from one policy to
another: which secrets become bound or unbound, become due, who may read or may no longer read, and what is widened. All three
need the files alone and send nothing. FILE is that of KEYTURN_POLICY, else keyturn.policy.yml, if it is not named.

Without --vault and KEYTURN_VAULTS the vaults are those that the policy names. With --data, or KEYTURN_DATA, diff takes the
ages of secrets from the newest inventory there.

Exit codes: 0 the policy is valid, or nothing is widened; 1 it has mistakes, or diff found something widened; 2 wrong use; 3 a
file cannot be read. diff of a policy with mistakes ends with 1 too.`,
  usages: ['check [FILE] [--vault NAME]... [--json]', 'schema', 'diff OLD NEW [--vault NAME]... [--data DIR] [--json]'],
  arguments: [
    { name: 'ACTION', says: 'what to do', choices: ['check', 'schema', 'diff'], required: true },
    { name: 'FILE', says: 'the policy; for diff the old one, then the new one', repeats: true },
  ],
  options: {
    vault: {
      value: 'NAME',
      says: 'a vault that the settings name; another one in the policy is a mistake',
      repeats: true,
    },
    data: { value: 'DIR', says: 'the folder with the records, for the ages of secrets' },
    json: { says: 'prints the result as one line of JSON' },
  },
  examples: [
    'keyturn policy check keyturn.policy.yml',
    'keyturn policy schema > keyturn.policy.schema.json',
    'keyturn policy diff keyturn.policy.yml proposal.yml',
  ],
} as const satisfies CommandRow;
