import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { contractsAreHere, publishedContract } from '../../../published-contracts.ts';

/** A request to Gitea 1.26.3 and its answer, as `../shared/contracts/04-gitea/recorded-1.26.3` holds them. */
export interface RecordedExchange {
  readonly name: string;
  readonly says: string;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly body?: unknown;
  };
  readonly answer: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    /** Parsed JSON, or text, or `null`. */
    readonly body: unknown;
  };
}

/** A signed delivery: its body is the raw text that was signed. */
export interface RecordedDelivery {
  readonly secret: string;
  readonly request: { readonly headers: Readonly<Record<string, string>>; readonly body: string };
}

const folder = publishedContract('04-gitea/recorded-1.26.3');

/** The names of all files of the recording, without their ending; none where it is absent. */
export function recordedNames(): readonly string[] {
  if (!contractsAreHere) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.replace(/\.json$/, ''))
    .toSorted();
}

export function readRecorded(name: string): Readonly<Record<string, unknown>> {
  return JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Readonly<Record<string, unknown>>;
}

export function readExchange(name: string): RecordedExchange {
  return { ...(readRecorded(name) as unknown as Omit<RecordedExchange, 'name'>), name };
}

export function readDelivery(name: string): RecordedDelivery {
  return readRecorded(name) as unknown as RecordedDelivery;
}
