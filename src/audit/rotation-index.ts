import type { RotationHistory } from '../rotation/rotation-history.ts';
import type { Retrieval } from './retrieval.ts';

/** The journal's times are when we acted, the log's when the vault answered; the SDK may try again in between. */
const journalSlackMs = 60_000;

interface JournalOperation {
  readonly version: string | null;
  readonly at: number;
  readonly reference: string;
}

/** What our own journals account for. */
export interface RotationIndex {
  /** The journal entry that explains a row of our own identity, as `rotationId@head`; `null` when none does. */
  explain(retrieval: Retrieval): string | null;
}

/** Builds the index over all rotations that may touch the period. */
export function indexRotations(rotations: Iterable<RotationHistory>): RotationIndex {
  const operations = new Map<string, JournalOperation[]>();
  for (const { rotationId, head, operations: done } of rotations) {
    for (const { operation, vault, secret, version, at } of done) {
      const key = keyOf(vault, secret, operation);
      const entry = {
        version: version?.toLowerCase() ?? null,
        at: Date.parse(at),
        reference: `rotation ${rotationId}@${head}`,
      };
      const list = operations.get(key);
      if (list === undefined) operations.set(key, [entry]);
      else list.push(entry);
    }
  }
  for (const list of operations.values()) list.sort((a, b) => a.at - b.at || (a.reference < b.reference ? -1 : 1));
  return {
    explain({ vault, secret, operation, version, at }) {
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
