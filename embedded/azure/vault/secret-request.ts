import { badParameter, type VaultAnswer } from './vault-answer.ts';

/** The body of a set or an update, checked against the vault's limits. Absent members were not sent. */
export interface SecretRequest {
  readonly value?: string;
  readonly contentType?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly enabled?: boolean;
  readonly notBefore?: number | null;
  readonly expires?: number | null;
}

// Limits of Azure's documentation of 2026: value 25 KB, content type 255, 15 tags of 512 and 512 characters.
const mostValueBytes = 25 * 1024;
const mostContentType = 255;
const mostTags = 15;
const mostTagText = 512;

/** Names are 1 to 127 letters, digits and hyphens; `null` if this name is valid. */
export function refuseName(name: string): VaultAnswer | null {
  return /^[0-9a-zA-Z-]{1,127}$/.test(name) ? null : badParameter(`The request URI contains an invalid name: ${name}`);
}

export function parseSecretRequest(body: string): SecretRequest | VaultAnswer {
  const parsed = parseObject(body);
  if (parsed === null) return badParameter('The request body is not a JSON object');
  const { value, contentType, tags } = parsed;
  if (value !== undefined && typeof value !== 'string') return badParameter('Property value has invalid value');
  if (typeof value === 'string' && Buffer.byteLength(value) > mostValueBytes) {
    return badParameter('Property value exceeds the maximum length of 25k');
  }
  if (contentType !== undefined && (typeof contentType !== 'string' || contentType.length > mostContentType)) {
    return badParameter('Property contentType has invalid value');
  }
  if (tags !== undefined && !areTags(tags)) return badParameter('Property has invalid value');
  const attributes = parseAttributes(isObject(parsed['attributes']) ? parsed['attributes'] : {});
  if ('status' in attributes) return attributes;
  return {
    ...(value === undefined ? {} : { value }),
    ...(contentType === undefined ? {} : { contentType }),
    ...(tags === undefined ? {} : { tags }),
    ...attributes,
  };
}

function parseAttributes(
  attributes: Readonly<Record<string, unknown>>,
): Pick<SecretRequest, 'enabled' | 'notBefore' | 'expires'> | VaultAnswer {
  const { nbf, exp, enabled } = attributes;
  if (!isTime(nbf)) return badParameter('Property attributes.nbf has invalid value');
  if (!isTime(exp)) return badParameter('Property attributes.exp has invalid value');
  if (enabled !== undefined && enabled !== null && typeof enabled !== 'boolean') {
    return badParameter('Property attributes.enabled has invalid value');
  }
  if (typeof nbf === 'number' && typeof exp === 'number' && nbf > exp) {
    return badParameter('Property attributes.nbf must be before attributes.exp');
  }
  return {
    ...(typeof enabled === 'boolean' ? { enabled } : {}),
    ...(nbf === undefined ? {} : { notBefore: nbf }),
    ...(exp === undefined ? {} : { expires: exp }),
  };
}

function isTime(given: unknown): given is number | null | undefined {
  return given === undefined || given === null || Number.isInteger(given);
}

function areTags(tags: unknown): tags is Record<string, string> {
  if (!isObject(tags)) return false;
  const pairs = Object.entries(tags);
  return (
    pairs.length <= mostTags &&
    pairs.every(
      ([name, value]) => name.length <= mostTagText && typeof value === 'string' && value.length <= mostTagText,
    )
  );
}

function parseObject(body: string): Record<string, unknown> | null {
  try {
    const parsed: unknown = JSON.parse(body);
    return isObject(parsed) ? parsed : null;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
