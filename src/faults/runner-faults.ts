import { fault } from './fault.ts';

/** What can go wrong in the fetch helper. Each has its own exit code: `src/runner/exit-codes.ts`. */
export const runnerFaults = {
  MANIFEST_MALFORMED: fault<{ place: string; reason: string }>('never', 'The manifest has a fault at the place named.'),
  COMMAND_LINE_WRONG: fault<{ place: string; reason: string }>(
    'never',
    'The command line is not understood at the place named. `keyturn-fetch help` shows how to write it.',
  ),
  TEMPLATE_MALFORMED: fault<{ file: string; line: number; reason: string }>(
    'never',
    'The template has a fault on the line named.',
  ),
  FETCH_CONFIGURATION_MALFORMED: fault<{ file: string; place: string; reason: string }>(
    'never',
    "The runner's fetch configuration has a fault at the place named. Its operator corrects it, not the workflow.",
  ),
  FETCH_CONFIGURATION_UNTRUSTED: fault<{ file: string; reason: string }>(
    'never',
    'The fetch configuration could have been written by a job, so nothing in it is believed.',
  ),
  ENVIRONMENT_HOSTILE: fault<{ variables: readonly string[] }>(
    'never',
    "The job's environment sets variables that could redirect or run code in this helper. Unset them, or let the runner's configuration allow them.",
  ),
  VAULT_NOT_CONFIGURED: fault<{ vault: string }>(
    'never',
    "The runner's fetch configuration names no vault of this name.",
  ),
  VAULT_HOST_REFUSED: fault<{ host: string }>(
    'never',
    "This host lies outside Azure's vault domains and those configured, so no token was sent to it.",
  ),
  VAULT_FIREWALL_CLOSED: fault<{ vault: string; secret: string; objectId: string | null }>(
    'never',
    "The vault's firewall refused this address. Add the runner's address or its private endpoint; a role does not help.",
  ),
  VAULT_TOKEN_REFUSED: fault<{ vault: string; secret: string; objectId: string | null; tenant: string | null }>(
    'never',
    'The vault did not accept the token: it belongs to another tenant or audience. Use an identity of the tenant named.',
  ),
  SECRET_MISSING: fault<{ vault: string; secret: string; version: string | null }>(
    'never',
    'The vault holds no such secret. Check name, version and vault.',
  ),
  SECRET_EXPIRED: fault<{ vault: string; secret: string; version: string; expires: string }>(
    'never',
    'This version has expired. Rotate the secret; the vault still serves expired values, this helper does not.',
  ),
  SECRET_NOT_YET_VALID: fault<{ vault: string; secret: string; version: string; validFrom: string }>(
    'never',
    'This version is not valid yet. Wait, or pin an earlier version.',
  ),
  SECRET_EXPIRES_TOO_SOON: fault<{ vault: string; secret: string; version: string; expires: string }>(
    'never',
    'This version expires sooner than the manifest asks for. Rotate the secret first.',
  ),
  SECRET_PART_MISSING: fault<{ vault: string; secret: string; pointer: string }>(
    'never',
    'The value is no JSON, or has no text, number or boolean where the pointer leads.',
  ),
  SECRET_NOT_AN_ENVIRONMENT_VALUE: fault<{ vault: string; secret: string }>(
    'never',
    'The value holds a NUL byte, which no environment can carry. Hand it over as a file or a descriptor.',
  ),
  IDENTITY_UNREACHABLE: fault<{ kind: string; reason: string }>(
    'backoff',
    'The token endpoint could not be reached. In a container, check that the job may reach it at all.',
  ),
  IDENTITY_REFUSED: fault<{ kind: string; status: number; reason: string; advice: string }>(
    'never',
    'The token endpoint refused to give a token.',
  ),
  IDENTITY_FILE_UNREADABLE: fault<{ kind: string; file: string; reason: string }>(
    'never',
    'The file that this kind of identity needs cannot be used.',
  ),
  SELECTION_REFUSED: fault<{ vault: string; prefix: string; reason: string }>(
    'never',
    'The secrets that begin so cannot be handed over. Correct the entry with this prefix in the manifest.',
  ),
  JOB_NUMBERS_UNKNOWN: fault<{ reason: string }>(
    'never',
    'These reads could not be tied to a job, and the configuration refuses such reads.',
  ),
  DISK_REFUSED: fault<{ path: string; fileSystem: string }>(
    'never',
    'A secret would have been written to a disk. Choose a path on tmpfs, or pass --allow-disk knowingly.',
  ),
  TARGET_UNUSABLE: fault<{ path: string; reason: string }>('never', 'The place for this secret cannot be used.'),
  SECRET_IN_JOB_FILE: fault<{ files: readonly string[] }>(
    'never',
    'The command wrote a secret where later steps and the server would see it: it was taken back from the files named. Or it left one of them so that it cannot be looked at.',
  ),
  MASKS_WITHHELD: fault<{ reason: string }>(
    'never',
    'Masks would be printed instead of obeyed, so nothing was read. Use exec, which redacts by itself, or the action.',
  ),
  AGENT_COMMAND_REFUSED: fault<{ command: string; reason: string }>(
    'never',
    'This command is not one that the agent may run with secrets.',
  ),
} as const;
