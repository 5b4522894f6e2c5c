import type { SecretValue } from '../../secrets/secret-value.ts';
import type { AnswerHead, JailGrade, Placeholder, UseHead } from '../../provenance/use-exchange.ts';
import type { SecretReference } from '../../secrets/secret-reference.ts';

/** What a valid proof shows: who signed, by the thumbprint of the key (RFC 7638), and the id of this one request. */
export interface RequestProof {
  readonly key: string;
  readonly id: string;
}

/** What a job gets: the value with what the vault says of it, or every reason of the refusal. */
type BrokerAnswer =
  | {
      readonly kind: 'served';
      readonly secret: {
        readonly value: SecretValue;
        readonly version: string;
        readonly validFrom: Date | null;
        readonly expires: Date | null;
        readonly requestId: string;
        readonly at: Date;
      };
    }
  | BrokerRefusal;

interface BrokerRefusal {
  readonly kind: 'refused';
  readonly because: readonly { readonly code: string; readonly says: string }[];
  /** The request for access that a person must answer, if that is what is missing. */
  readonly request: string | null;
}

/** The broker, as the web application calls it. Each rejects with a ServiceError if it could not look or read. */
export interface BrokerPort {
  /** Binds a key to the task of a credential. `key`: the thumbprint of the key that signed the request. */
  openSession(request: {
    readonly credential: SecretValue;
    readonly repository: string;
    readonly key: string;
  }): Promise<{ readonly session: string }>;
  /** Reads one value for the job of a session. */
  read(request: {
    readonly session: string;
    readonly secret: SecretReference;
    readonly proof: RequestProof;
  }): Promise<BrokerAnswer>;
  /** Says whether a person has approved a read that waits. Gives no value. */
  look(request: {
    readonly session: string;
    readonly secret: SecretReference;
    readonly proof: RequestProof;
  }): Promise<{ readonly kind: 'approved' } | BrokerRefusal>;
  /** Gives placeholders for secrets that the job may use, in the order asked. */
  placeholders(request: {
    readonly session: string;
    readonly secrets: readonly SecretReference[];
    readonly jail: JailGrade;
    readonly proof: RequestProof;
  }): Promise<{ readonly kind: 'given'; readonly placeholders: readonly Placeholder[] } | BrokerRefusal>;
  /** Makes one request in the job's place. The body of the answer must be read to its end, or given up. */
  use(request: {
    readonly session: string;
    readonly proof: RequestProof;
    readonly head: UseHead;
    readonly body: AsyncIterable<Uint8Array>;
  }): Promise<
    { readonly kind: 'answered'; readonly head: AnswerHead; readonly body: AsyncIterable<Uint8Array> } | BrokerRefusal
  >;
}
