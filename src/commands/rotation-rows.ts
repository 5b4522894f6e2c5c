import type { CommandRow } from '../command-line/command-row.ts';

const json = { says: 'prints the result as one line of JSON' } as const;

export const rotateRow = {
  name: 'rotate',
  summary: 'rotates one secret now, rolls it back, or shows the plan',
  about: `Rotates one secret now. The policy must bind the secret. The settings are KEYTURN_... environment variables, as for
keyturn serve.

Exit codes: 0 under way, done or rolled back; 1 refused (the reason is named); 2 wrong use; 3 could not reach a vault or
provider, or the rotation stopped. --plan has the same: 1 if the request would be refused, 3 if what it needs does not answer.`,
  usages: [
    'NAME [--plan] [--reason TEXT] [--emergency] [--create] [--json]',
    'NAME --roll-back --reason TEXT [--json]',
    'NAME --go [--reason TEXT] [--json]',
    '--go --environment NAME [--reason TEXT] [--json]',
    '--read-by JOB|IDENTITY --since TIME (--plan | --emergency) [--reason TEXT] [--json]',
  ],
  arguments: [{ name: 'NAME', says: 'name of the secret, or VAULT/NAME if several vaults have one' }],
  options: {
    plan: { says: 'shows what would be done and changes nothing' },
    reason: { value: 'TEXT', says: 'why; it goes into the journal and the report' },
    emergency: {
      says: 'the value has leaked: no minimum age, no grace, and the revocation can be approved at once',
    },
    'roll-back': {
      says: 'publishes the old value again, as a new version, while it still works; the value that this rotation issued is withdrawn after the grace of its readers',
    },
    go: {
      says: "lets a secret's first rotation begin when it is due; with --environment, every first rotation that waits there",
    },
    environment: { value: 'NAME', says: 'the environment of the secrets that --go is for' },
    'read-by': {
      value: 'JOB|IDENTITY',
      says: 'every secret that a compromised job or identity read, worst first: owner/name, owner/name RUN/JOB.ATTEMPT, or an object id',
    },
    since: {
      value: 'TIME',
      says: 'from when on its reads count: a date, a time with its zone, or a duration such as 36h',
    },
    create: { says: 'the secret does not exist yet and gets its first value from its issuer' },
    json,
  },
  examples: [
    'keyturn rotate --go --environment dev',
    'keyturn rotate --read-by acme/shop --since 36h --plan',
    'keyturn rotate payments-api-key --reason "a laptop was lost"',
    'keyturn rotate payments-api-key --roll-back --reason "the shop cannot sign in"',
  ],
} as const satisfies CommandRow;

export const retireRow = {
  name: 'retire',
  summary: 'ends the credential of a secret that nobody needs any more',
  about: `Retires a secret. Its credential ends as an old one does after a rotation: when the grace and the lifetime of its
consumers are over and nothing speaks for its use. Then it is shown dead and every version is disabled, the newest one too.
Nothing is deleted, and the evidence stays. The settings are KEYTURN_... environment variables, as for keyturn serve.

Exit codes: 0 under way or done; 1 refused (the reason is named); 2 wrong use; 3 could not reach a vault or provider.`,
  arguments: [{ name: 'NAME', says: 'name of the secret, or VAULT/NAME if several vaults have one', required: true }],
  options: { reason: { value: 'TEXT', says: 'why; it goes into the journal' }, json },
  examples: ['keyturn retire old-webhook-secret --reason "the shop is closed"'],
} as const satisfies CommandRow;

export const reconcileRow = {
  name: 'reconcile',
  summary: 'makes one pass: rotates what is due, resumes, revokes',
  about: `Makes one pass over all secrets, as the server does every five minutes: rotates what is due, resumes what stopped,
revokes what may be revoked, removes what was left over. The settings are KEYTURN_... environment variables, as for
keyturn serve.

Exit codes: 0 the pass is complete; 2 wrong use; 3 something prevents a rotation, or a tag is not obeyed (each is named).`,
  options: { plan: { says: 'shows what a pass would do, by kind and then by name, and changes nothing' }, json },
  examples: ['keyturn reconcile --plan'],
} as const satisfies CommandRow;

export const adoptRow = {
  name: 'adopt',
  summary: 'proposes a policy from what the vaults, the log and Gitea show',
  about: `Proposes a policy from what the vaults, the log and Gitea show: names, content types, tags and times of secrets, which
jobs read them, the names of Actions secrets. It never reads a value. Each proposal says what it rests on and how sure it is:
high, medium or low. A secret whose issuer needs more to be told is only tracked until a person adds that; one that its
provider makes is tracked; one that Key Vault renews, or that nothing tells of, is a comment. Nothing in the proposal is
rotated by itself: its mode is by-hand. It understands the tags of Microsoft's sample functions and warns if such a function
may still be subscribed, because two rotators end both keys. It changes nothing in a vault and overwrites no file.`,
  options: { out: { value: 'FILE', says: 'writes the proposal to this new file instead of standard output' }, json },
  examples: ['keyturn adopt --out keyturn.policy.yml'],
} as const satisfies CommandRow;

export const explainRow = {
  name: 'explain',
  summary: 'says whether jobs of a repository may read a secret, and why',
  about: `Says whether jobs of a repository may read a secret, which namespace of the policy allows it, and with which identities
those jobs run. It reads the policy alone and sends no request. Key Vault itself knows no namespaces: role assignments
decide who can read, and the report shows each read by a job that the policy does not allow. It also says whether the
broker gives the secret to such a job, by the same decision, and whether a person must approve. What no option says of the
job is not looked at.

Exit codes: 0 the job may read it; 1 it may not, or the policy does not bind the secret; 2 wrong use.`,
  arguments: [
    { name: 'NAME', says: 'name of the secret, or VAULT/NAME', required: true },
    { name: 'REPOSITORY', says: 'owner/name', required: true },
  ],
  options: {
    branch: { value: 'NAME', says: 'the branch that the job runs for' },
    event: { value: 'NAME', says: 'the event that starts the job, such as push' },
    fork: { says: 'the job runs for a fork' },
    workflow: { value: 'FILE', says: 'the file name of its workflow, such as deploy.yml' },
    protected: { says: 'Gitea protects that branch; without this, a branch that is named counts as unprotected' },
    policy: { value: 'FILE', says: 'reads this policy; no other setting is needed then' },
    json,
  },
  examples: ['keyturn explain payments-api-key acme/payments --branch main --policy keyturn.policy.yml'],
} as const satisfies CommandRow;

export const doctorRow = {
  name: 'doctor',
  summary: 'says what is missing, and which command adds it',
  about: `Checks everything that Keyturn needs, in the order in which to check it: settings, policy, vaults and what the identity
may do there, Gitea, the log workspace, separation of roles, staged values, the sealing key, notifications. Each line says
pass, warn or fail, with the command that is missing. It writes the hourly canary read, as the collector does, and
otherwise changes nothing in Azure or Gitea.

Exit codes: 0 nothing failed; 1 something failed.`,
  options: { json },
  examples: ['keyturn doctor'],
} as const satisfies CommandRow;
