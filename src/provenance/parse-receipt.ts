import { createHash } from 'node:crypto';
import { canonicalJson, type JsonValue } from './canonical-json.ts';
import type { JobNumbers } from './job-numbers.ts';
import type { Receipt, ReceiptRequest } from './receipt.ts';

/** The most attempts that one receipt may hold; with all of them its line in the log stays under 8 KB. */
export const mostRequests = 24;

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** A Key Vault name, or the digest that replaces one. */
const name = /^[0-9A-Za-z-]{1,127}$/;
/** The same of a secret, or the prefix of those that were listed. */
const secretName = /^[0-9A-Za-z-]{1,127}\*?$/;
const moment = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/**
 * Parses a receipt from JSON that a job sent or printed. Returns `null` unless it is exactly a receipt: a missing or
 * unknown member, a number out of range or malformed text is refused, so that a receipt has only its canonical form.
 */
export function parseReceipt(value: unknown): Receipt | null {
  if (!hasMembers(value, receiptMembers)) return null;
  const { format, job, nonce, sequence, vault, secret, opaque, version, clientRequestId, requests } = value;
  const { address, clockOffsetMs, previous } = value;
  const numbers = parseJobNumbers(job);
  const attempts = parseRequests(requests);
  if (format !== 1 || numbers === null || attempts === null) return null;
  if (!matches(nonce, /^[0-9a-f]{8}$/) || !isCount(sequence, 1, 99_999)) return null;
  if (!matches(vault, name) || !matches(secret, secretName) || typeof opaque !== 'boolean') return null;
  if (version !== null && (!matches(version, /^[0-9a-z]{1,64}$/) || secret.endsWith('*'))) return null;
  if (!matches(clientRequestId, uuid)) return null;
  if (address !== null && !matches(address, /^[0-9a-fA-F.:%]{2,64}$/)) return null;
  if (clockOffsetMs !== null && !isCount(clockOffsetMs, -1e12, 1e12)) return null;
  if (previous !== null && !matches(previous, /^[0-9a-f]{64}$/)) return null;
  return {
    format,
    job: numbers,
    nonce,
    sequence,
    vault,
    secret,
    opaque,
    version,
    clientRequestId,
    requests: attempts,
    address,
    clockOffsetMs,
    previous,
  };
}

/** The only encoding of a receipt: RFC 8785. */
export function canonicalReceipt(receipt: Receipt): string {
  return canonicalJson({
    ...receipt,
    job: { ...receipt.job },
    requests: receipt.requests.map((request): JsonValue => ({ ...request })),
  });
}

/** sha256 of a receipt's canonical JSON, hexadecimal: what the next receipt of its chain names as `previous`. */
export function receiptDigest(receipt: Receipt): string {
  return createHash('sha256').update(canonicalReceipt(receipt)).digest('hex');
}

const receiptMembers = [
  'format',
  'job',
  'nonce',
  'sequence',
  'vault',
  'secret',
  'opaque',
  'version',
  'clientRequestId',
  'requests',
  'address',
  'clockOffsetMs',
  'previous',
] as const;

function parseJobNumbers(value: unknown): JobNumbers | null {
  if (!hasMembers(value, ['instance', 'repositoryId', 'runId', 'attempt', 'jobId', 'taskId'])) return null;
  const { instance, repositoryId, runId, attempt, jobId, taskId } = value;
  if (!matches(instance, /^[0-9a-f]{8}$/) || !isCount(attempt, 1, 99_999)) return null;
  if (repositoryId !== null && !isDatabaseId(repositoryId)) return null;
  if (!isDatabaseId(runId) || !isDatabaseId(jobId) || !isDatabaseId(taskId)) return null;
  return { instance, repositoryId, runId, attempt, jobId, taskId };
}

function parseRequests(value: unknown): readonly ReceiptRequest[] | null {
  if (!Array.isArray(value) || value.length > mostRequests) return null;
  const requests: ReceiptRequest[] = [];
  for (const entry of value as readonly unknown[]) {
    if (!hasMembers(entry, ['id', 'status', 'at'])) return null;
    const { id, status, at } = entry;
    if (!matches(id, /^[0-9A-Za-z-]{1,64}$/) || !isCount(status, 100, 599)) return null;
    if (!matches(at, moment) || Number.isNaN(Date.parse(at))) return null;
    requests.push({ id, status, at });
  }
  return requests;
}

/** Whether `value` is an object with exactly these members. */
function hasMembers<Name extends string>(value: unknown, names: readonly Name[]): value is Record<Name, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.keys(value).length === names.length && names.every((member) => Object.hasOwn(value, member));
}

function matches(value: unknown, form: RegExp): value is string {
  return typeof value === 'string' && form.test(value);
}

function isCount(value: unknown, least: number, most: number): value is number {
  return Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most;
}

/** At most 15 digits, the most that a stamp can carry. */
function isDatabaseId(value: unknown): value is number {
  return isCount(value, 1, 999_999_999_999_999);
}
