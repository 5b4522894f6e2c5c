import type { RotationHistory } from '../../rotation/history/rotation-history.ts';
import type { OwnRead } from '../model/own-read.ts';
import type { Retrieval } from '../model/retrieval.ts';

/** The journal records when Keyturn acted, the log when the vault answered; the SDK may retry in between. */
const journalSlackMs = 60_000;

/** What is on record of an act: an entry of a rotation's journal, or a record made before a read. */
export interface Explanation {
  readonly kind: 'journal' | OwnRead['purpose'];
  /** `rotation rotationId@head` or `own-read AT`. */
  readonly reference: string;
}

interface KnownOperation extends Explanation {
  readonly version: string | null;
  readonly at: number;
}

/** The acts that Keyturn's own journals and records explain. */
export interface RotationIndex {
  /**
   * What explains a row of the rotator; `null` if nothing does. An entry explains one read or one refusal of it: whoever holds
   * the identity may read beside it, and that read is one too many. A row that was explained before is explained again by the
   * same entry.
   */
  explain(retrieval: Retrieval): Explanation | null;
  /** The same of an identity that reads settings alone. */
  explainSetting(retrieval: Retrieval): Explanation | null;
  /** Whether all that would explain a row explains other rows: it is one more than Keyturn made. */
  isOneTooMany(retrieval: Retrieval): boolean;
}

/**
 * Builds the index over all rotations that may touch the period, and over the reads that Keyturn announced. A read that is
 * announced and in a journal too is one read. Rows are to be asked about in order of time.
 */
export function indexRotations(rotations: Iterable<RotationHistory>, ownReads: Iterable<OwnRead> = []): RotationIndex {
  const known = createOperationIndex();
  const histories = new Set<string>();
  const announced = new Map<string, number>();
  const nameOf = (key: string, version: string | null, at: string) => `${key} ${version ?? ''} ${at}`.toLowerCase();
  for (const { rotationId, head, operations } of rotations) {
    // Secrets of a group have a history each, and each lists what was done to their target.
    const history = JSON.stringify([rotationId, operations]);
    if (histories.has(history)) continue;
    histories.add(history);
    for (const { operation, vault, secret, version, at } of operations) {
      const key = keyOf(vault, secret, operation);
      known.add(key, version, at, { kind: 'journal', reference: `rotation ${rotationId}@${head}` });
      const name = nameOf(key, version, at);
      announced.set(name, (announced.get(name) ?? 0) + 1);
    }
  }
  for (const { vault, secret, version, at, purpose } of ownReads) {
    const key = keyOf(vault, secret, read);
    const name = nameOf(key, version, at);
    const inJournal = purpose === 'check' ? (announced.get(name) ?? 0) : 0;
    if (inJournal > 0) announced.set(name, inJournal - 1);
    else known.add(key, version, at, { kind: purpose, reference: `own-read ${at}` });
  }
  return {
    // Another identity has nothing but the settings to be explained by, so theirs come last.
    explain: (retrieval) => known.explain(retrieval, notSettings) ?? known.explain(retrieval, settings),
    explainSetting: (retrieval) => known.explain(retrieval, settings),
    isOneTooMany: (retrieval) => known.isOneTooMany(retrieval),
  };
}

/** The operation that discloses a value. */
const read = 'SecretGet';

const settings = (kind: Explanation['kind']): boolean => kind === 'setting';
const notSettings = (kind: Explanation['kind']): boolean => kind !== 'setting';

function createOperationIndex() {
  const operations = new Map<string, KnownOperation[]>();
  /** The rows that were explained by entries that explain no other. */
  const explained = new Map<string, KnownOperation>();
  const taken = new Set<KnownOperation>();
  let sorted = true;
  /** What may speak of a row, the earliest first, whether it explains another or not. */
  const around = ({ vault, secret, operation, at }: Retrieval) => {
    if (!sorted) {
      for (const list of operations.values()) list.sort((a, b) => a.at - b.at || (a.reference < b.reference ? -1 : 1));
      sorted = true;
    }
    const moment = Date.parse(at);
    const known = operations.get(keyOf(vault, secret ?? '', operation)) ?? [];
    return known.filter((entry) => Math.abs(entry.at - moment) <= journalSlackMs);
  };
  /** A refusal served no version. */
  const versionOf = ({ version, requestedVersion }: Retrieval) => version ?? requestedVersion;
  return {
    add(key: string, version: string | null, at: string, explanation: Explanation): void {
      const entry = { version: version?.toLowerCase() ?? null, at: Date.parse(at), ...explanation };
      const list = operations.get(key);
      if (list === undefined) operations.set(key, [entry]);
      else list.push(entry);
      sorted = false;
    },
    explain(retrieval: Retrieval, may: (kind: Explanation['kind']) => boolean): Explanation | null {
      const { id, operation } = retrieval;
      const before = explained.get(id);
      if (before !== undefined) return before;
      const version = versionOf(retrieval);
      const near = around(retrieval).filter((entry) => may(entry.kind) && !taken.has(entry));
      // What names the version leaves what names none to rows that have no other. The earliest ends first.
      const found =
        near.find((entry) => entry.version === version) ??
        near.find((entry) => entry.version === null || version === null);
      if (found === undefined) return null;
      // A change is sent again when its answer is lost, and is the same change.
      if (operation === read) {
        taken.add(found);
        explained.set(id, found);
      }
      return found;
    },
    isOneTooMany(retrieval: Retrieval): boolean {
      if (explained.has(retrieval.id)) return false;
      const version = versionOf(retrieval);
      const known = around(retrieval).filter(
        (entry) => entry.version === null || version === null || entry.version === version,
      );
      return known.length > 0 && known.every((entry) => taken.has(entry));
    },
  };
}

function keyOf(vault: string, secret: string, operation: string): string {
  return `${vault}/${secret}/${operation}`.toLowerCase();
}
