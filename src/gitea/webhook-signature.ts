import { createHmac, timingSafeEqual } from 'node:crypto';
import type { SecretValue } from '../secrets/secret-value.ts';

/**
 * Returns whether the webhook's secret signed these raw bytes. A missing, empty or malformed signature is invalid, and an
 * empty secret signs nothing: Gitea sends an empty header if no secret is configured.
 * Source: Gitea services/webhook/deliver.go: X-Gitea-Signature is hexadecimal HMAC-SHA256 of the body, without prefix.
 */
export function isSignedByGitea(body: Uint8Array, signature: string | null, secret: SecretValue): boolean {
  if (signature === null || !/^[0-9a-f]{64}$/.test(signature)) return false;
  const key = secret.reveal();
  if (key === '') return false;
  return timingSafeEqual(createHmac('sha256', key).update(body).digest(), Buffer.from(signature, 'hex'));
}
