import type { GrantHistory } from '../grants/history/grant-history.ts';
import type { Trace } from '../log/trace.ts';
import type { Logger } from '../log/logger.ts';
import type { Person } from '../provenance/person.ts';
import type { Receipt } from '../provenance/receipt.ts';
import type { SecretValue } from '../secrets/secret-value.ts';
import type { BrokerPort } from './broker/broker-port.ts';
import type { ListedRotation, PortalPorts } from './portal-ports.ts';

/** One pack of the archive, as the portal lists it. */
export interface ListedPack {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly frameworks: readonly string[];
  readonly status: 'final' | 'provisional';
  readonly synthetic: boolean;
  readonly producedAt: string;
  readonly retrievals: number;
  readonly tied: number;
  readonly suspicious: number;
  readonly findings: number;
  /** The pack that it amends, because rows arrived after that was sealed. */
  readonly amends?: string;
}

/** One file of a pack, as its manifest lists it. */
export interface ListedFile {
  readonly path: string;
  readonly bytes: number;
}

/** One request for access, and why the person who looks may not approve it; `null` if they may. */
export interface ListedAccess extends GrantHistory {
  readonly refusal: string | null;
}

/** Returns the token's numbers if Gitea confirms them, `null` if Gitea rejects the token. */
type TokenCheck = (token: SecretValue) => Promise<{ taskId: number; runId: number; jobId: number } | null>;

/** The ports of the web application. Each rejects with a ServiceError if it could not act or read. */
export interface WebPorts extends PortalPorts {
  readonly now: () => Date;
  /** Receives the failure of a request that could not be answered. */
  readonly logger: Logger;
  /** Times each request. */
  readonly trace: Trace;
  packs(): Promise<readonly ListedPack[]>;
  /** The files of a pack; `null` if the pack does not exist. */
  packFiles(pack: string): Promise<readonly ListedFile[] | null>;
  /** A whole pack as one zip, streamed, so that it is never all in memory. */
  packZip(pack: string): AsyncIterable<Uint8Array>;
  /** A file of a pack; `null` if the pack or the file does not exist. */
  packFile(pack: string, path: string): Promise<Uint8Array | null>;
  /** Newest first. */
  rotations(): Promise<readonly ListedRotation[]>;
  /** After work that the portal shows: its lists are made anew. */
  forget(): void;
  /** How many secrets the policy binds to an issuer. */
  boundSecrets(): number;
  /** The log of a job, by its name; `null` if there is none. The port is `null` beside a real Gitea, which shows logs itself. */
  readonly jobLog: ((job: string) => Promise<string | null>) | null;
  /** Requests a rotation in the name of a person. Returns the rotation's id. */
  requestRotation(request: { secret: string; reason: string; by: Person; emergency: boolean }): Promise<string>;
  approveRotation(approval: { rotationId: string; by: Person; breakGlass: boolean; reason: string }): Promise<void>;
  /** Says no to what a rotation waits for. */
  declineRotation(word: { rotationId: string; by: Person; reason: string }): Promise<void>;
  /** Lets first rotations begin: of one secret, or of all that wait in an environment. Returns the secrets, `vault/name`. */
  giveGo(go: {
    for: { readonly secret: string } | { readonly environment: string } | 'all';
    by: Person;
    reason: string;
  }): Promise<readonly string[]>;
  /** Publishes the old value again during its grace. */
  rollBackRotation(request: { rotationId: string; by: Person; reason: string }): Promise<void>;
  handleVaultEvent(event: unknown): Promise<{ readonly outcome: string }>;
  /** Returns whether a topic (lower-case) is a configured vault; only then is a subscription's validation answered. */
  isOurTopic(topic: string): boolean;
  /** Checks Event Grid's token on a self-hosted server; `null` if no such token is configured. */
  readonly checkEventToken: ((token: string) => Promise<boolean>) | null;
  /** Returns whether Gitea signed these bytes; `null` if no webhook secret is configured. */
  readonly checkGiteaSignature: ((body: Uint8Array, signature: string | null) => Promise<boolean>) | null;
  /** A delivery that was signed: a job to ask Gitea about, and a hint to poll. */
  onGiteaDelivery(payload: unknown): Promise<void>;
  readonly checkRuntimeToken: TokenCheck | null;
  /** The short name of the configured Gitea in receipts. */
  readonly instance: string | null;
  /** Records receipts of one job whose token Gitea confirmed, and that job. */
  /**
   * Stores the receipts of one post, all of one job. `not-its-job`: Gitea says that the job has another attempt or
   * repository. `too-many`: its task has posted as many as a task may. In both cases nothing is stored.
   */
  recordReceipts(receipts: readonly Receipt[]): Promise<'recorded' | 'not-its-job' | 'too-many'>;
  /** Every request of a job for access. `by`: who looks, to say whether they may approve. */
  accessRequests(by: Person | null): Promise<readonly ListedAccess[]>;
  answerAccess(word: {
    grant: string;
    says: 'approve' | 'decline';
    by: Person;
    breakGlass: boolean;
    reason: string;
  }): Promise<void>;
  /** Whether this process serves jobs alone: it then has no portal and no hooks. */
  readonly brokersOnly: boolean;
  /** `null`: this process is no broker. */
  readonly broker: BrokerPort | null;
  /** The page that Prometheus reads. */
  metrics(): Promise<string>;
  /** Checks what the service needs. Anyone can call this through `/readyz`, so the answer is cached for some seconds. */
  readiness(): Promise<readonly { readonly what: string; readonly ready: boolean; readonly says: string }[]>;
}
