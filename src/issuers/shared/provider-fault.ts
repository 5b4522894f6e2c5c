import { ServiceError } from '../../service-error.ts';

interface Failure {
  readonly issuer: string;
  /** A host, an origin or a resource id. */
  readonly provider: string;
}

/**
 * The code of a driver's or the system's error: letters, digits and `_`. Its free text is never used, because it may
 * quote what was sent.
 */
export function extractErrorCode(error: unknown): string {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : null;
  if (typeof code === 'string' && /^\w{1,60}$/.test(code)) return code;
  if (error instanceof Error && 'cause' in error && error.cause instanceof Error) return extractErrorCode(error.cause);
  return error instanceof Error && /^\w{1,40}Error$/.test(error.name) && error.name !== 'Error'
    ? error.name
    : 'connection failed';
}

/** For a failure that had no effect at the provider. */
export function unreachable({ issuer, provider }: Failure, cause: unknown): ServiceError {
  return new ServiceError('PROVIDER_UNREACHABLE', { issuer, provider, reason: extractErrorCode(cause) });
}

/** For a failed request whose change may have taken effect. */
export function unclear({ issuer, provider }: Failure, cause: unknown): ServiceError {
  return new ServiceError('PROVIDER_ANSWER_UNCLEAR', { issuer, provider, reason: extractErrorCode(cause) });
}
