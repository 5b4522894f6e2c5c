import type { RotationHistory } from '../../rotation/history/rotation-history.ts';
import type { OwnRead } from '../model/own-read.ts';
import type { Retrieval } from '../model/retrieval.ts';

/** The journal records when Keyturn acted, the log when the vault answered; the SDK may retry in between. */
const journalSlackMs = 60_000;

interface KnownOperation {
  readonly version: string | null;
  readonly at: number;
  readonly reference: string;
}

/** The reads that Keyturn's own journals and records explain. */
export interface RotationIndex {
  /** The journal entry that explains a row of Keyturn's own identity, as `rotationId@head`; `null` if there is none. */
  explain(retrieval: Retrieval): string | null;
  /** The record of a read for this purpose outside any rotation, as `own-read AT`; `null` if there is none. */
  explainOwnRead(retrieval: Retrieval, purpose: OwnRead['purpose']): string | null;
}

/** Builds the index over all rotations that may touch the period, and over Keyturn's other own reads. */
export function indexRotations(rotations: Iterable<RotationHistory>, ownReads: Iterable<OwnRead> = []): RotationIndex {
  const inJournals = createOperationIndex();
  const beside = { setting: createOperationIndex(), issuer: createOperationIndex(), check: createOperationIndex() };
  for (const { rotationId, head, operations } of rotations) {
    for (const { operation, vault, secret, version, at } of operations)
      inJournals.add(keyOf(vault, secret, operation), version, at, `rotation ${rotationId}@${head}`);
  }
  for (const { vault, secret, version, at, purpose } of ownReads)
    beside[purpose].add(keyOf(vault, secret, 'SecretGet'), version, at, `own-read ${at}`);
  return {
    explain: (retrieval) => inJournals.explain(retrieval),
    explainOwnRead: (retrieval, purpose) => beside[purpose].explain(retrieval),
  };
}

function createOperationIndex() {
  const operations = new Map<string, KnownOperation[]>();
  let sorted = true;
  return {
    add(key: string, version: string | null, at: string, reference: string): void {
      const entry = { version: version?.toLowerCase() ?? null, at: Date.parse(at), reference };
      const list = operations.get(key);
      if (list === undefined) operations.set(key, [entry]);
      else list.push(entry);
      sorted = false;
    },
    explain({ vault, secret, operation, version, at }: Retrieval): string | null {
      if (!sorted) {
        for (const list of operations.values())
          list.sort((a, b) => a.at - b.at || (a.reference < b.reference ? -1 : 1));
        sorted = true;
      }
      const moment = Date.parse(at);
      const found = operations
        .get(keyOf(vault, secret ?? '', operation))
        ?.find(
          (entry) =>
            Math.abs(entry.at - moment) <= journalSlackMs &&
            (entry.version === null || version === null || entry.version === version),
        );
      return found?.reference ?? null;
    },
  };
}

function keyOf(vault: string, secret: string, operation: string): string {
  return `${vault}/${secret}/${operation}`.toLowerCase();
}
