import { LineMemory } from './line-memory.ts';
import type { PackFile } from './pack-file.ts';
import { type RowFile, rowFile, type RowFileName } from './row-file.ts';
import type { PackSink } from './pack-sink.ts';
import { retrievalColumns } from './retrieval-lines.ts';

/** The files that are written while events pass, in the order in which a pack lists them. */
const eventFileNames = {
  retrievals: { name: 'retrievals', extension: 'ndjson', description: 'Every read with its grade and evidence' },
  table: {
    name: 'retrievals',
    extension: 'csv',
    description: 'The same reads for spreadsheets',
    header: retrievalColumns.join(','),
  },
  refusals: { name: 'refusals', extension: 'ndjson', description: 'Every refused request' },
  writes: { name: 'writes', extension: 'ndjson', description: 'Every write to a secret' },
  stagingReads: { name: 'staging-reads', extension: 'ndjson', description: 'Every read of a staging secret' },
  sensitiveOperations: {
    name: 'sensitive-operations',
    extension: 'ndjson',
    description: 'Every backup, restore, deletion, purge and recovery',
  },
  exclusions: {
    name: 'exclusions',
    extension: 'ndjson',
    description: 'Every row that a step left out of the population',
  },
  secretDays: {
    name: 'secret-days',
    extension: 'ndjson',
    description: 'Every secret on every day that an inventory was taken',
  },
  rotationsDue: {
    name: 'rotations-due',
    extension: 'ndjson',
    description: 'Every version that came due or was replaced',
  },
  brokerRequests: {
    name: 'broker-requests',
    extension: 'ndjson',
    description: 'Every request of a job to the broker, allowed or refused',
  },
  brokerUses: {
    name: 'broker-uses',
    extension: 'ndjson',
    description: 'Every request that the broker made in the place of a job, or refused',
  },
  accessRequests: {
    name: 'access-requests',
    extension: 'ndjson',
    description: "Every request of a job for a secret that needs a person's word",
  },
  deviations: {
    name: 'deviations',
    extension: 'ndjson',
    description: 'Every deviation of every test, with the id of its event',
  },
  jobs: { name: 'jobs', extension: 'ndjson', description: 'Every Gitea job of the period' },
  receipts: { name: 'receipts', extension: 'ndjson', description: 'Every receipt, and whether a row matches it' },
} as const satisfies Record<string, RowFileName>;

export type EventFile = keyof typeof eventFileNames;

/** Lines of files, as bytes; a file without lines is missing. */
export type EventLines = ReadonlyMap<EventFile, Uint8Array>;

/** Writes the lines of all files as they come. */
export function eventFiles(sink: PackSink): {
  add(lines: EventLines): Promise<void>;
  close(): Promise<readonly PackFile[]>;
} {
  const files = new Map<EventFile, RowFile>(
    Object.entries(eventFileNames).map(([name, about]) => [name as EventFile, rowFile(sink, about)]),
  );
  return {
    async add(lines) {
      for (const [name, bytes] of lines) await files.get(name)?.addLines(bytes);
    },
    async close() {
      const closed: PackFile[] = [];
      for (const file of files.values()) closed.push(...(await file.close()));
      return closed;
    },
  };
}

/** Lines of files, as bytes in memory that is used again. */
export interface CollectedLines {
  add(file: EventFile, line: string): void;
  /** The lines of one file, which are written in place. */
  memory(file: EventFile): LineMemory;
  /** The lines since the last call. They are valid until more are added. */
  take(): EventLines;
}

export function collectLines(): CollectedLines {
  const files = new Map<EventFile, LineMemory>();
  const memory = (name: EventFile): LineMemory => {
    const file = files.get(name) ?? new LineMemory();
    files.set(name, file);
    return file;
  };
  return {
    memory,
    add: (name, line) => memory(name).add(line),
    take() {
      const taken = new Map<EventFile, Uint8Array>();
      for (const [name, file] of files) {
        const lines = file.take();
        if (lines.length > 0) taken.set(name, lines);
      }
      return taken;
    },
  };
}
