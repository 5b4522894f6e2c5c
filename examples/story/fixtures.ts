/** The fixtures of the thirty-day story. All names and values are fictional. */
export interface StorySecret {
  readonly name: string;
  readonly environment: 'prod' | 'staging' | 'dev';
  readonly issuer: 'generated' | 'gitea-token' | null;
  readonly namespace: string | null;
  readonly validityDays: number;
  /** Age in days when the story ends and the live part begins. */
  readonly ageDays: number;
  readonly expires: boolean;
  readonly approval: readonly 'publish'[];
  readonly first: 'automatic' | 'go';
  /** Whether a person must approve each job that gets it. */
  readonly guarded: boolean;
}

function secret(
  name: string,
  environment: StorySecret['environment'],
  namespace: string | null,
  ageDays: number,
  more: Partial<StorySecret> = {},
): StorySecret {
  return {
    name,
    environment,
    namespace,
    ageDays,
    issuer: 'generated',
    validityDays: 90,
    expires: true,
    approval: [],
    first: 'automatic',
    guarded: false,
    ...more,
  };
}

/** What jobs get through the broker in the live part, and what one of them gets after a person approved. */
export const brokered = { secret: 'storefront-search-key', guarded: 'storefront-refund-key' } as const;

/** The secret that the live part rotates: on the last of its 60 days when the story ends, and so due. */
export const liveSecret = 'payments-api-key';

export const secrets: readonly StorySecret[] = [
  secret('storefront-session-key', 'prod', 'storefront-prod', 75),
  secret('storefront-search-key', 'prod', 'storefront-prod', 40),
  secret(brokered.guarded, 'prod', 'storefront-prod', 20, { guarded: true }),
  secret(liveSecret, 'prod', 'payments-prod', 60),
  // Due on day 10, but nobody gives the required approval, so it is overdue when the story ends.
  secret('payments-signing-key', 'prod', 'payments-prod', 95, { approval: ['publish'] }),
  secret('deploy-token', 'prod', 'platform-prod', 72, { issuer: 'gitea-token' }),
  secret('warehouse-password', 'prod', 'data-prod', 35),
  secret('storefront-session-key-staging', 'staging', 'staging', 82),
  secret('payments-api-key-staging', 'staging', 'staging', 78),
  secret('warehouse-password-staging', 'staging', 'staging', 33),
  secret('mobile-push-key-staging', 'staging', 'staging', 45),
  // Due on day 10, and its first rotation waits for a go, as it does where the policy says nothing else.
  secret('mobile-sandbox-key-dev', 'dev', 'dev', 80, { first: 'go' }),
  // Not in the policy, without an expiry, and never read.
  secret('legacy-smtp-password-dev', 'dev', null, 400, { issuer: null, expires: false }),
];

export const repositories = [
  'acme/storefront',
  'acme/payments',
  'acme/platform',
  'acme/warehouse',
  'acme/mobile',
] as const;
type StoryRepository = (typeof repositories)[number];

export interface StoryRunner {
  readonly name: string;
  readonly label: string;
  readonly address: string;
  readonly repositories: readonly StoryRepository[];
}

/** One identity per runner group. The payments group serves only one repository. */
export const runners: readonly StoryRunner[] = [
  {
    name: 'runner-prod',
    label: 'prod',
    address: '203.0.113.10',
    repositories: ['acme/storefront', 'acme/platform', 'acme/warehouse'],
  },
  { name: 'runner-payments', label: 'payments', address: '203.0.113.20', repositories: ['acme/payments'] },
  { name: 'runner-staging', label: 'staging', address: '203.0.113.30', repositories },
];

/** One recurring kind of job. */
export interface StoryJob {
  readonly repository: StoryRepository;
  readonly name: string;
  readonly runner: string;
  readonly reads: readonly string[];
  /** How its receipts reach the service. */
  readonly receipts: 'posted' | 'logged';
}

export const jobs: readonly StoryJob[] = [
  {
    repository: 'acme/storefront',
    name: 'deploy',
    runner: 'runner-prod',
    receipts: 'posted',
    reads: [
      'storefront-session-key',
      'storefront-search-key',
      'storefront-session-key',
      'storefront-search-key',
      'storefront-session-key',
      'storefront-search-key',
    ],
  },
  {
    repository: 'acme/payments',
    name: 'settle',
    runner: 'runner-payments',
    receipts: 'logged',
    reads: [liveSecret, 'payments-signing-key', liveSecret, 'payments-signing-key', liveSecret, liveSecret],
  },
  {
    repository: 'acme/platform',
    name: 'release',
    runner: 'runner-prod',
    receipts: 'posted',
    reads: ['deploy-token', 'deploy-token', 'deploy-token', 'deploy-token', 'deploy-token'],
  },
  {
    repository: 'acme/warehouse',
    name: 'load',
    runner: 'runner-prod',
    receipts: 'posted',
    reads: ['warehouse-password', 'warehouse-password', 'warehouse-password', 'warehouse-password'],
  },
  {
    repository: 'acme/mobile',
    name: 'end-to-end',
    runner: 'runner-staging',
    receipts: 'posted',
    reads: [
      'mobile-push-key-staging',
      'payments-api-key-staging',
      'storefront-session-key-staging',
      'warehouse-password-staging',
      'mobile-sandbox-key-dev',
      'mobile-push-key-staging',
      'payments-api-key-staging',
      'storefront-session-key-staging',
      'warehouse-password-staging',
      'mobile-sandbox-key-dev',
    ],
  },
];
