import type { CommandRow } from '../../command-line/command-row.ts';

export const listRow = {
  name: 'list',
  summary: 'lists every secret, the most urgent first',
  about: `Lists every secret that the newest inventory or the policy knows, the most urgent first: how it is, whether the policy
binds it, its issuer, when it is due, when it was rotated and read last. It reads the records alone and asks no vault; keyturn
serve takes an inventory once an hour. --json prints one line for each secret.

Exit codes: 0 done; 2 wrong use; 3 could not read the records.`,
  options: {
    due: { says: 'only secrets that are due within 14 days, or overdue' },
    unbound: { says: 'only secrets that the policy neither binds nor tracks' },
    json: { says: 'prints each secret as one line of JSON' },
  },
  examples: ['keyturn list --due'],
} as const satisfies CommandRow;

export const showRow = {
  name: 'show',
  summary: 'shows what is known of one secret',
  about: `Shows what is known of one secret: what the policy says of it, what comes next, its versions, its rotations, and who could
read it at the newest look. It reads the records alone, and never a value. --json prints all of it as one line.

Exit codes: 0 done; 1 nothing is known of such a secret; 2 wrong use; 3 could not read the records.`,
  arguments: [{ name: 'NAME', says: 'name of the secret, or VAULT/NAME if several vaults have one', required: true }],
  options: { json: { says: 'prints the result as one line of JSON' } },
  examples: ['keyturn show payments-api-key'],
} as const satisfies CommandRow;

export const statusRow = {
  name: 'status',
  summary: 'counts secrets by how they are, and names what waits for a person',
  about: `Counts secrets by how they are, and names the rotations that wait for a person or stopped, with what to do. It reads the
records alone. --json prints it as one line.

Exit codes: 0 nothing needs a person; 1 something does; 2 wrong use; 3 could not read the records.`,
  options: { json: { says: 'prints the result as one line of JSON' } },
  examples: ['keyturn status'],
} as const satisfies CommandRow;

export const declineRow = {
  name: 'decline',
  summary: 'says no to what a rotation or a job that asks for a secret waits for',
  about: `Says no to what a rotation or a request of a job for a secret waits for. A rotation that was to publish stops: what it had
made ends, the value in force stays, and it begins again only if a person requests it. A revocation is put off: the old value
goes on working, and the question is asked again after a week. The journal and the report keep who declined, and why; the
command line proves no identity, so it counts as an unnamed operator.

Exit codes: 0 declined; 1 refused (the reason is named); 2 wrong use; 3 could not reach or read.`,
  arguments: [
    {
      name: 'ID',
      says: 'the id of the rotation or of the request, as status, list and messages show it',
      required: true,
    },
  ],
  options: {
    reason: { value: 'TEXT', says: 'why; it goes into the journal and the report', required: true },
    json: { says: 'prints the result as one line of JSON' },
  },
  examples: ['keyturn decline mfrggzdfmztwq2lk.1 --reason "not before the audit is over, INC-43"'],
} as const satisfies CommandRow;

export const approveRow = {
  name: 'approve',
  summary: 'agrees to what a rotation or a job that asks for a secret waits for',
  about: `Agrees to what a rotation or a request of a job for a secret waits for. The command line proves no identity, so it counts as
an unnamed operator: it is refused, with the reason, unless --break-glass says that this is the recorded exception, which the
next report lists as a finding. A person who signs in to the portal approves without one.

Exit codes: 0 approved; 1 refused (the reason is named); 2 wrong use; 3 could not reach or read.`,
  arguments: [
    {
      name: 'ID',
      says: 'the id of the rotation or of the request, as status, list and messages show it',
      required: true,
    },
  ],
  options: {
    reason: { value: 'TEXT', says: 'why; it goes into the journal and the report', required: true },
    'break-glass': { says: 'records the exception: one unnamed person decides alone' },
    json: { says: 'prints the result as one line of JSON' },
  },
  examples: ['keyturn approve mfrggzdfmztwq2lk.1 --break-glass --reason "nobody else can be reached, INC-42"'],
} as const satisfies CommandRow;
