import { ServiceError, type ErrorCode } from '../service-error.ts';

/**
 * The helper's own exit codes, which tell a workflow why it failed. A command that ran returns its own exit code, or
 * 128 + n when signal n ended it; 126 and 127 mean that it could not be run, as in a shell.
 */
const codes: Partial<Record<ErrorCode, number>> = {
  COMMAND_LINE_WRONG: 2,
  MANIFEST_MALFORMED: 2,
  MANIFEST_MISSING: 2,
  TEMPLATE_MALFORMED: 2,
  TEMPLATE_MISSING: 2,
  FETCH_CONFIGURATION_MALFORMED: 65,
  FETCH_CONFIGURATION_MISSING: 65,
  FETCH_CONFIGURATION_UNTRUSTED: 65,
  ENVIRONMENT_HOSTILE: 66,
  VAULT_NOT_CONFIGURED: 67,
  VAULT_HOST_REFUSED: 67,
  JOB_NUMBERS_UNKNOWN: 68,
  VAULT_ACCESS_DENIED: 70,
  VAULT_FIREWALL_CLOSED: 71,
  VAULT_TOKEN_REFUSED: 72,
  VAULT_THROTTLED: 73,
  VAULT_UNREACHABLE: 74,
  SECRET_DISABLED: 75,
  SECRET_EXPIRED: 76,
  SECRET_NOT_YET_VALID: 77,
  SECRET_SOFT_DELETED: 78,
  SECRET_MISSING: 79,
  SECRET_EXPIRES_TOO_SOON: 80,
  SECRET_PART_MISSING: 81,
  SECRET_NOT_AN_ENVIRONMENT_VALUE: 81,
  IDENTITY_UNREACHABLE: 82,
  IDENTITY_REFUSED: 83,
  IDENTITY_FILE_UNREADABLE: 83,
  DISK_REFUSED: 84,
  TARGET_UNUSABLE: 84,
  SECRET_IN_JOB_FILE: 85,
  VAULT_REQUEST_REFUSED: 86,
  MASKS_WITHHELD: 87,
  SELECTION_REFUSED: 88,
  SECRET_NOT_SEARCHABLE: 89,
  BROKER_READ_REFUSED: 90,
  BROKER_UNREACHABLE: 91,
  BROKER_ANSWER_UNKNOWN: 91,
  BROKER_JOB_NOT_CONFIRMED: 92,
  BROKER_PROOF_REFUSED: 92,
  BROKER_SECOND_KEY: 93,
  BROKER_KEY_UNUSABLE: 94,
  ACCESS_NOT_APPROVED: 95,
  USE_NOT_JAILED: 96,
};

/** The exit code of a failure; 1 for an unexpected one. */
export function exitCodeOf(error: unknown): number {
  return ServiceError.is(error) ? (codes[error.code] ?? 1) : 1;
}

/** For the documentation: every code with its number. */
export const exitCodes: Readonly<Partial<Record<ErrorCode, number>>> = codes;
