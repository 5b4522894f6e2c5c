import type { CommandRow } from '../command-line/command-row.ts';

const files = {
  jobs: { value: 'FILE', says: 'jobs, one a line, as in docs/formats.md' },
  receipts: {
    value: 'FILE',
    says: 'receipts, one a line: as found in job logs, or posted ones as {"postedAt", "receipt"}',
  },
  policy: { value: 'FILE', says: 'keyturn.policy.yml; without its identities no read can be better than claimed' },
} as const;

export const attributeRow = {
  name: 'attribute',
  summary: 'ties audit log rows in files to jobs in files',
  about: `Ties reads in Key Vault's audit log to Gitea jobs, from files alone, without any network. Writes one line of JSON for
each row that disclosed a value: id, grade, job or candidates, reason, evidence. Standard error names what is missing and
each row that could not be read; no row is left out silently.`,
  options: {
    retrievals: {
      value: 'FILE|DIR',
      says: 'rows of AZKVAuditLogs, AzureDiagnostics or the storage archive, one a line, also as {"record": ...}',
      required: true,
    },
    ...files,
    out: { value: 'FILE', says: 'writes the lines there instead of to standard output' },
    json: { says: 'prints the counts as one line of JSON: last with --out, else on standard error' },
  },
  examples: [
    'keyturn attribute --retrievals ./rows --jobs jobs.ndjson --receipts receipts.ndjson --out attributed.ndjson',
  ],
} as const satisfies CommandRow;

export const reportRow = {
  name: 'report',
  summary: 'writes a sealed evidence pack of one period',
  about: `Writes a sealed pack of one period into a new folder: the report as HTML and PDF, its data, and the seal. It reports what
was collected; with --retrievals it reports audit records from files instead, without any network.

Exit codes: 0 done; 2 wrong use or no such pack; 3 could not reach, read or write.`,
  usages: [
    '--period 2026-Q3|FROM..TO [--framework soc2|iso27001|both] [--controls FILE] --out DIR [--json]',
    '--period ... --retrievals FILE|DIR [--jobs FILE] [--receipts FILE] [--policy FILE] --out DIR',
    '--list [--json]',
    '--pack ID --out DIR [--json]',
  ],
  options: {
    period: { value: 'PERIOD', says: 'such as 2026-Q3, 2026-07, 2026, or FROM..TO as dates' },
    framework: {
      value: 'NAME',
      says: 'the framework to report for (default: both)',
      choices: ['soc2', 'iso27001', 'both'],
    },
    controls: { value: 'FILE', says: 'your own control ids, keyturn.controls.yml (default: KEYTURN_CONTROLS)' },
    out: { value: 'DIR', says: 'the new folder for the pack' },
    retrievals: { value: 'FILE|DIR', says: 'reports these audit records instead of what was collected' },
    ...files,
    list: { says: 'lists the packs of the archive, oldest first' },
    pack: { value: 'ID', says: 'copies this pack out of the archive, unchanged and with its seal' },
    json: { says: 'prints the result as one line of JSON' },
  },
  examples: [
    'keyturn report --period 2026-Q3 --out ./2026-Q3',
    'keyturn report --pack 2026-Q3.soc2-iso27001.20261003T023000Z --out ./2026-Q3',
  ],
} as const satisfies CommandRow;

export const findingsRow = {
  name: 'findings',
  summary: 'lists the findings of a period, and records decisions on them',
  about: `Lists the findings of a period with their state: open, accepted until a time, fixed, recurred. accept takes the risk until
a day, when the finding opens again by itself; respond records an answer, an owner, a day by which it is to be corrected or a
ticket; withdraw takes an acceptance back. Each is an entry of a hashed chain and stands in the next pack. What the command
line records is by an unnamed operator, because it proves no identity.

Exit codes: 0 done; 2 wrong use, or the period has no such finding; 3 could not reach or read.`,
  usages: [
    '[list] [--period 2026-Q3|FROM..TO] [--json]',
    'accept ID --reason TEXT --until DAY [--owner NAME] [--ticket TEXT] [--period ...] [--json]',
    'respond ID --reason TEXT [--owner NAME] [--due DAY] [--ticket TEXT] [--period ...] [--json]',
    'withdraw ID --reason TEXT [--period ...] [--json]',
  ],
  arguments: [
    { name: 'ACTION', says: 'what to do (default: list)', choices: ['list', 'accept', 'respond', 'withdraw'] },
    { name: 'ID', says: 'the id of a finding, as the list and the report show it' },
  ],
  options: {
    period: { value: 'PERIOD', says: 'such as 2026-Q3, 2026-07, 2026, or FROM..TO (default: the last 90 days)' },
    reason: { value: 'TEXT', says: 'why it is accepted, or the response' },
    until: { value: 'DAY', says: 'the last day of the acceptance, such as 2026-12-31' },
    owner: { value: 'NAME', says: 'who is to correct it' },
    due: { value: 'DAY', says: 'the day by which it is to be corrected' },
    ticket: { value: 'TEXT', says: 'the ticket about it' },
    json: { says: 'prints each finding, or the entry, as one line of JSON' },
  },
  examples: [
    'keyturn findings --period 2026-Q3',
    'keyturn findings accept 0f3a9c51b2d47e86 --reason "the vendor has no API" --until 2026-12-31 --ticket OPS-7',
  ],
} as const satisfies CommandRow;

export const verifyRow = {
  name: 'verify',
  summary: 'checks packs, without any network',
  about: `Checks a pack on this machine, without any network: every file, byte for byte, against the sealed statement. Without
--trust it can only say "intact; signer not verified", because a key that travels inside a pack proves nothing: get the
fingerprint from the operator by another way.

Of several packs, oldest first, it checks each, and that they are one chain: that each names the sealed statement of the
one before it. The first may follow a pack that is not given. If the sealing key changed, give --trust for each key.

With --archive it also checks the archive's signed index: that it lists the packs, and which further ones it lists.
Without PACK it checks every pack of the archive.

Exit codes: 0 intact; 1 something was changed (each file is named), the packs are not one chain (each fault is named) or
the index disagrees; 2 wrong use; 3 not a pack that can be read.`,
  arguments: [{ name: 'PACK', says: 'the folder that holds manifest.json', repeats: true }],
  options: {
    trust: {
      value: 'FINGERPRINT',
      says: 'the fingerprint of a key that you trust: sha256: and 64 digits',
      repeats: true,
    },
    archive: {
      value: 'DIR',
      says: "a copy of the archive: the folder that holds index.dsse.json and the packs' folders",
    },
    json: { says: 'prints the result as one line of JSON' },
  },
  examples: [
    `keyturn verify ./pack --trust sha256:${'4f2a90c1'.repeat(8)}`,
    'keyturn verify ./2026-Q1 ./2026-Q2 ./2026-Q3',
    'keyturn verify --archive ./archive',
  ],
} as const satisfies CommandRow;

export const diffRow = {
  name: 'diff',
  summary: 'tells what changed from one pack to another',
  about: `Compares two packs on this machine, without any network: findings that are new, that recur or that are fixed, counts that
differ, and controls whose result changed. Findings are the same if rule and subject are. Both packs are verified first,
except for who signed them: that is what verify --trust tells.

Exit codes: 0 no difference; 1 a difference; 2 wrong use; 3 not an intact pack.`,
  arguments: [
    { name: 'A', says: 'the folder of the earlier pack', required: true },
    { name: 'B', says: 'the folder of the later pack', required: true },
  ],
  options: { json: { says: 'prints the result as one line of JSON' } },
  examples: ['keyturn diff ./2026-Q2 ./2026-Q3'],
} as const satisfies CommandRow;

export const sampleRow = {
  name: 'sample',
  summary: "draws an auditor's sample of a pack's reads, as a workpaper",
  about: `Draws a sample of the reads of a pack with words of your own, and writes it as CSV: ids, the link to each job, where the
row is in the pack, the attributes to test, and blanks to fill. The same words draw the same rows, here and with the
Python of docs/auditing.md. The pack is verified first, except for who signed it.

Exit codes: 0 done; 2 wrong use; 3 not an intact pack.`,
  arguments: [{ name: 'PACK', says: 'the folder that holds manifest.json', required: true }],
  options: {
    seed: { value: 'WORDS', says: 'words of your own, which nobody knew when the pack was sealed', required: true },
    size: { value: 'NUMBER', says: 'how many rows (default: 25)' },
    out: { value: 'FILE', says: 'writes the workpaper there, into a new file, instead of to standard output' },
    json: { says: 'prints the counts as one line of JSON: last with --out, else on standard error' },
  },
  examples: ['keyturn sample ./2026-Q3 --seed "the rain in October" --size 25 --out workpaper.csv'],
} as const satisfies CommandRow;
