import { ServiceError } from '../service-error.ts';

/** How many attempts there may be at once, and how long it takes until one more is free. */
interface Allowance {
  readonly most: number;
  readonly eachMs: number;
}

export interface AttemptLimits {
  readonly perAddress: Allowance;
  /** Of all addresses together that have proven nothing within `knownMs`. */
  readonly ofStrangers: Allowance;
  readonly knownMs: number;
}

export const usualLimits: AttemptLimits = {
  perAddress: { most: 60, eachMs: 1_000 },
  ofStrangers: { most: 300, eachMs: 200 },
  knownMs: 3_600_000,
};

/**
 * Bounds how often senders may try to prove who they are, because each try costs a question to Gitea or to the records. Only tries
 * that fail, or that are under way, count. An address that proved itself lately does not suffer from a flood of strangers.
 */
export interface AttemptLimit {
  /**
   * Makes one attempt. `isProven` says of its result whether the sender proved itself, which then cost nothing.
   * @throws ServiceError `TOO_MANY_ATTEMPTS` without making it; whatever `attempt` throws, which counts as a failure.
   */
  bound<Result>(
    address: string,
    attempt: () => Promise<Result>,
    isProven: (result: Result) => boolean,
  ): Promise<Result>;
}

/** What is kept of addresses is bounded: a flood from many must not fill the memory. The oldest are forgotten first. */
const mostAddresses = 4_096;

interface Bucket {
  left: number;
  at: number;
}

export function attemptLimit(now: () => Date, limits: AttemptLimits = usualLimits): AttemptLimit {
  const buckets = new Map<string, Bucket>();
  const known = new Map<string, number>();
  const strangers: Bucket = { left: limits.ofStrangers.most, at: 0 };

  function isKnown(address: string): boolean {
    return now().getTime() - (known.get(address) ?? Number.NEGATIVE_INFINITY) < limits.knownMs;
  }

  return {
    async bound(address, attempt, isProven) {
      const at = now().getTime();
      const own = buckets.get(address) ?? { left: limits.perAddress.most, at };
      keepNewest(buckets, address, own);
      const asked: readonly (readonly [Bucket, Allowance])[] = isKnown(address)
        ? [[own, limits.perAddress]]
        : [
            [own, limits.perAddress],
            [strangers, limits.ofStrangers],
          ];
      for (const [bucket, allowance] of asked) refill(bucket, allowance, at);
      const waitMs = Math.max(...asked.map(([{ left }, { eachMs }]) => (left >= 1 ? 0 : (1 - left) * eachMs)));
      if (waitMs > 0) throw new ServiceError('TOO_MANY_ATTEMPTS', { retryAfterSeconds: Math.ceil(waitMs / 1_000) });
      for (const [bucket] of asked) bucket.left -= 1;
      const result = await attempt();
      if (!isProven(result)) return result;
      for (const [bucket, { most }] of asked) bucket.left = Math.min(most, bucket.left + 1);
      keepNewest(known, address, now().getTime());
      return result;
    },
  };
}

function refill(bucket: Bucket, { most, eachMs }: Allowance, at: number): void {
  // A clock that was set back must not take anything away.
  bucket.left = Math.min(most, bucket.left + Math.max(0, at - bucket.at) / eachMs);
  bucket.at = at;
}

function keepNewest<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > mostAddresses && oldest !== undefined) map.delete(oldest);
}
