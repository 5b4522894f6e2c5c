import type { AccessRule } from '../../secrets/policy.ts';
import type { SessionJob } from '../journal/broker-entry.ts';

/** Where persons agree that a job gets a secret. */
export interface AccessBook {
  /** Says where the request of a session for a secret stands, and makes it if nobody has. @throws ServiceError of Gitea or the records. */
  ask(question: {
    readonly session: string;
    readonly job: SessionJob;
    readonly vault: string;
    readonly name: string;
    readonly access: AccessRule;
  }): Promise<{
    readonly grant: string;
    readonly standing: 'waiting' | 'approved' | 'declined';
    readonly approvers: readonly string[];
  }>;
  /** Spends one use of an approval on a read, before the read; false if there is none to spend. `read`: the entry of the journal. */
  spend(grant: string, read: string): Promise<boolean>;
}
