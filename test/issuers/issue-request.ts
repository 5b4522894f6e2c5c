import type { IssueRequest } from '../../src/rotation/ports/credential-issuer.ts';
import type { SecretBinding } from '../../src/secrets/policy.ts';
import { contractRotation } from '../contracts/contract-rotation.ts';
import { bindingOf } from './binding.ts';

/** The rotation's request to an issuer, without a value in force. */
export function requestOf(binding: SecretBinding, now = new Date('2026-03-01T00:00:00Z')): IssueRequest {
  return {
    binding,
    rotationId: contractRotation,
    current: null,
    currentCredentialId: null,
    signal: AbortSignal.timeout(120_000),
    now,
  };
}

/** The same for an issuer's target. */
export function requestFor(issuer: string, target: SecretBinding['target'], now?: Date): IssueRequest {
  return requestOf(bindingOf(issuer, target), now);
}
