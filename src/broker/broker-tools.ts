import type { Policy } from '../secrets/policy.ts';
import type { SessionBook } from './journal/session-book.ts';
import type { AnswerRedaction } from './ports/answer-redaction.ts';
import type { AccessBook } from './ports/access-book.ts';
import type { JobFactsSource } from './ports/job-facts.ts';
import type { JobProof } from './ports/job-proof.ts';
import type { SecretReader } from './ports/secret-reader.ts';
import type { Upstream } from './ports/upstream.ts';

/** What people are told of at once. */
export type BrokerEvent =
  | { readonly kind: 'opened'; readonly session: string; readonly repository: string }
  | {
      readonly kind: 'second-key';
      readonly session: string;
      readonly repository: string;
      readonly served: readonly string[];
    }
  | {
      readonly kind: 'served' | 'failed' | 'refused';
      readonly session: string;
      readonly secret: string;
      readonly says: string;
    }
  | {
      /** A request was made for a job, was not made, or had no whole answer. */
      readonly kind: 'used' | 'use-refused' | 'use-failed';
      readonly session: string;
      readonly host: string;
      readonly says: string;
    };

/** Everything that the broker's work needs. */
export interface BrokerTools {
  readonly sessions: SessionBook;
  /** The policy in force, and the digest by which it is on record. */
  readonly policy: () => { readonly policy: Policy; readonly digest: string };
  readonly proof: JobProof;
  readonly jobs: JobFactsSource;
  readonly access: AccessBook;
  /** By the vault's short name. */
  readonly readers: ReadonlyMap<string, SecretReader>;
  /** Names of Keyturn's own secrets, `vault/name`, lower-case. */
  readonly ownSecrets: ReadonlySet<string>;
  /** The most values that one job may ask for. */
  readonly mostRequests: number;
  /** The most requests that the broker makes for one job. */
  readonly mostUses: number;
  readonly upstream: Upstream;
  readonly redaction: AnswerRedaction;
  readonly now: () => Date;
  /** 8 hexadecimal digits, new for each read. */
  readonly nonce: () => string;
  readonly watch: (event: BrokerEvent) => Promise<void>;
}
