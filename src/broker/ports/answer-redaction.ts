import type { SecretValue } from '../../secrets/secret-value.ts';

/** Masks values in one stream, wherever its chunks part them. What it returns is good until the next call. */
export interface TextRedaction {
  push(chunk: Buffer): Buffer;
  end(): Buffer;
}

/** Searches answers for values, in every form in which a service may show them. */
export interface AnswerRedaction {
  /** Whether a value is long enough to be searched for. Writes nothing. */
  canFind(value: SecretValue): boolean;
  /**
   * Returns what starts the redaction of a stream. Streams of one preparation may run side by side.
   * @throws ServiceError `SECRET_NOT_SEARCHABLE`, naming the secret
   */
  prepare(values: readonly { readonly secret: string; readonly value: SecretValue }[]): Promise<() => TextRedaction>;
}
