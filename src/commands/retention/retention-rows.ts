import type { CommandRow } from '../../command-line/command-row.ts';

export const retentionRow = {
  name: 'retention',
  summary: 'shows how long records are kept, and what goes next',
  about: `Shows for each kind of record how long it is kept, what was deleted, and which holds prevent deletions. --plan prints what the
next daily pass of the reporter deletes, and what is old enough and stays, with the reason. Deletes nothing itself.

Exit codes: 0 done; 2 wrong use; 3 could not reach or read.`,
  usages: ['[--json]', '--plan [--json]'],
  options: {
    plan: { says: 'prints what the next pass does with each day, month or journal that is old enough' },
    json: { says: 'prints each line as one line of JSON' },
  },
  examples: ['keyturn retention', 'keyturn retention --plan'],
} as const satisfies CommandRow;

export const holdRow = {
  name: 'hold',
  summary: 'prevents that records are deleted, such as for a dispute',
  about: `add begins a hold: nothing of its period is deleted until it is lifted, and without a period nothing at all. list prints the
holds that count, and lift ends one by its number. Each is an entry of a hashed chain, with the reason. What the command line
records is by an unnamed operator, because it proves no identity. What a pass is deleting at that moment is not brought back.

Exit codes: 0 done; 2 wrong use, or there is no such hold; 3 could not reach or read.`,
  usages: [
    '[list] [--json]',
    'add --reason TEXT [--period 2026-Q3|FROM..TO] [--json]',
    'lift NUMBER --reason TEXT [--json]',
  ],
  arguments: [
    { name: 'ACTION', says: 'what to do (default: list)', choices: ['list', 'add', 'lift'] },
    { name: 'NUMBER', says: 'the number of a hold, as the list shows it' },
  ],
  options: {
    reason: { value: 'TEXT', says: 'why it is held, or no longer' },
    period: { value: 'PERIOD', says: 'such as 2026-Q3, 2026-07, 2026, or FROM..TO (default: everything)' },
    json: { says: 'prints each hold, or the entry, as one line of JSON' },
  },
  examples: [
    'keyturn hold add --reason "case 4711" --period 2026-Q2',
    'keyturn hold lift 3 --reason "case 4711 closed"',
  ],
} as const satisfies CommandRow;
