import type { RecordStore } from '../records/record-store.ts';
import type { Policy } from '../secrets/policy.ts';

/** What people are told of at once. */
export interface GrantEvent {
  readonly kind: 'requested' | 'approved' | 'declined';
  readonly grant: string;
  readonly secret: string;
  readonly repository: string;
  readonly breakGlass: boolean;
}

/** Everything that requests for access need. */
export interface GrantTools {
  readonly records: RecordStore;
  readonly policy: () => Pick<Policy, 'people'>;
  /** Gitea's address without a trailing slash. */
  readonly gitea: string;
  readonly now: () => Date;
  readonly watch: (event: GrantEvent) => Promise<void>;
}
