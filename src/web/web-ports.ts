import type { Logger } from '../log/logger.ts';
import type { Person } from '../provenance/person.ts';
import type { Receipt } from '../provenance/receipt.ts';
import type { RotationHistory } from '../rotation/history/rotation-history.ts';
import type { SecretValue } from '../secrets/secret-value.ts';

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
}

/** One file of a pack, as its manifest lists it. */
export interface ListedFile {
  readonly path: string;
  readonly bytes: number;
}

/** One rotation, as the portal lists it: what its history says, and what a person may do about it now. */
export interface ListedRotation
  extends Pick<
    RotationHistory,
    | 'rotationId'
    | 'vault'
    | 'secret'
    | 'state'
    | 'askedBy'
    | 'reason'
    | 'emergency'
    | 'claimedAt'
    | 'publication'
    | 'publishedAt'
    | 'oldValue'
    | 'failure'
    | 'note'
    | 'approvals'
  > {
  /** The step that waits for a second person, if one does. */
  readonly awaits: 'publish' | 'revoke' | null;
  /** What is to be weighed before a credential ends: codes, names, times. */
  readonly waitsFor: readonly string[];
}

/** The token's numbers once Gitea confirmed them; `null` when Gitea said no. */
type TokenCheck = (token: SecretValue) => Promise<{ taskId: number; runId: number; jobId: number } | null>;

/** What the web application calls. All reject with a ServiceError when they could not do or look. */
export interface WebPorts {
  readonly now: () => Date;
  /** Takes what could not be answered. */
  readonly logger: Logger;
  packs(): Promise<readonly ListedPack[]>;
  /** The files of a pack, or `null` when there is no such pack. */
  packFiles(pack: string): Promise<readonly ListedFile[] | null>;
  /** A whole pack as one zip, as it is read: never all of it in memory. */
  packZip(pack: string): AsyncIterable<Uint8Array>;
  /** A file of a pack, or `null` when there is no such pack or file. */
  packFile(pack: string, path: string): Promise<Uint8Array | null>;
  rotations(): Promise<readonly ListedRotation[]>;
  /** Asks for a rotation, in the name of the person who did. Gives the rotation's id. */
  requestRotation(request: { secret: string; reason: string; by: Person; emergency: boolean }): Promise<string>;
  approveRotation(approval: { rotationId: string; by: Person; breakGlass: boolean; reason: string }): Promise<void>;
  /** Publishes the old value again while its grace lasts. */
  rollBackRotation(request: { rotationId: string; by: Person; reason: string }): Promise<void>;
  handleVaultEvent(event: unknown): Promise<{ readonly outcome: string }>;
  /** Whether a topic (lower-case) is one of our vaults: only then is a subscription's validation answered. */
  isOurTopic(topic: string): boolean;
  /** Checks the token that Event Grid sends to a self-hosted server; `null` where no such token is configured. */
  readonly checkEventToken: ((token: string) => Promise<boolean>) | null;
  /** Whether Gitea signed these bytes; `null` where no webhook secret is configured. */
  readonly checkGiteaSignature: ((body: Uint8Array, signature: string | null) => Promise<boolean>) | null;
  /** A delivery that was signed: a job to ask Gitea about, and a hint to poll. */
  onGiteaDelivery(payload: unknown): Promise<void>;
  readonly checkRuntimeToken: TokenCheck | null;
  /** The short name of our Gitea in receipts. */
  readonly instance: string | null;
  /** Records receipts of one job whose token Gitea confirmed, and that job. */
  recordReceipts(receipts: readonly Receipt[]): Promise<void>;
  /** What must be reachable for work to go on. Anybody may make the server look, so an answer counts for some seconds. */
  readiness(): Promise<readonly { readonly what: string; readonly ready: boolean; readonly says: string }[]>;
}
