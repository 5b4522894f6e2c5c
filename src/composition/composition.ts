import type { VaultAccess } from '../azure/vault-client.ts';
import type { CanaryReader } from '../audit/collection/canary-reader.ts';
import type { JobFeed } from '../audit/collection/job-feed.ts';
import type { PostureSource } from '../audit/posture/posture-source.ts';
import type { RetrievalLog } from '../audit/collection/retrieval-log.ts';
import type { Signer } from '../evidence/pack/signer.ts';
import type { GrantTools } from '../grants/grant-tools.ts';
import type { Keyturn } from '../keyturn.ts';
import type { Trace } from '../log/trace.ts';
import type { Logger, LogLevel } from '../log/logger.ts';
import type { Channel } from '../notify/channel.ts';
import type { RecordStore } from '../records/record-store.ts';
import type { RotationEvent, RotationTools } from '../rotation/rotation-tools.ts';
import type { Policy } from '../secrets/policy.ts';
import type { Settings } from '../settings.ts';
import type { GiteaAccess } from './open-gitea.ts';
import type { Sample } from '../telemetry/metric-table.ts';
import type { WorkCounters } from '../telemetry/work-counters.ts';
import type { Sessions } from '../web/sign-in/sessions.ts';

/** What a host can choose. */
export interface CompositionOptions {
  readonly now?: () => Date;
  /** Only for `start`: lets every connection from this machine in. */
  readonly trustLoopback?: boolean;
  /** Takes what a rotation does, as it does it. */
  readonly watch?: (event: RotationEvent) => void;
  /** Times what is done; left out: nothing is timed. */
  readonly trace?: Trace;
  /** Where the log goes, one whole line a call; without it nothing is logged. `isTerminal`: a person reads it there. */
  readonly logTo?: { readonly write: (line: string, level: LogLevel) => void; readonly isTerminal: boolean };
}

/** Keyturn, wired: the ports that commands use, and what hosts call. A part that is not configured is `null`. */
export interface Composition {
  readonly settings: Settings;
  /** The policy in force now; it changes when its file does. */
  readonly policy: () => Policy;
  readonly records: RecordStore;
  readonly now: () => Date;
  readonly rotation: RotationTools;
  /** The workspace, or the archive where there is no workspace. */
  readonly log: RetrievalLog | null;
  /** The archive beside the workspace; `null`: there is none, or it is `log` itself. */
  readonly archive: RetrievalLog | null;
  /** `null`: the embedded cloud has no Resource Manager. */
  readonly posture: PostureSource | null;
  /** How each vault of the settings is reached, the staging vault too. */
  readonly vaultAccess: readonly VaultAccess[];
  readonly gitea: GiteaAccess | null;
  readonly jobs: JobFeed | null;
  readonly canary: CanaryReader;
  readonly signer: () => Promise<Signer>;
  readonly sessions: Sessions;
  /** Keeps the policy in force on record, unless it is there: every act is judged by the one in force then. */
  readonly keepPolicy: () => Promise<void>;
  /** @throws ServiceError `POLICY_MISSING` if records show a policy that this process does not have. */
  readonly requirePolicy: () => Promise<void>;
  /** Takes up the policy file if it has changed and has no mistakes. */
  readonly takeUpPolicy: () => Promise<void>;
  readonly logger: Logger;
  /** The channels to people that are configured. */
  readonly channels: readonly Channel[];
  /** Requests of jobs for secrets that a person must approve. */
  readonly grants: GrantTools;
  /** What this process has done since it began. */
  readonly counters: WorkCounters;
  readonly trace: Trace;
  /** The page that Prometheus reads. @throws ServiceError `RECORD_…`. */
  readonly metrics: () => Promise<string>;
  /** The figures on it. @throws ServiceError `RECORD_…`. */
  readonly samples: () => Promise<readonly Sample[]>;
  readonly keyturn: Keyturn;
}
