import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';

/** How often two texts occur in what the processes of a command hold. */
export interface Occurrences {
  readonly processes: number;
  /** In memory, in every mapping that can be read. */
  readonly inMemory: readonly [first: number, second: number];
  readonly inEnvironment: readonly [first: number, second: number];
}

const chunkBytes = 4 * 1024 * 1024;

/**
 * Searches all processes of this machine that have `mark` in their environment: those of a jailed command have its
 * placeholder there. Source: proc(5), maps and mem.
 */
export function searchProcesses(mark: string, texts: readonly [string, string]): Occurrences {
  const found = readdirSync('/proc').filter(
    (name) => /^\d+$/.test(name) && readOr(`/proc/${name}/environ`).includes(mark),
  );
  const [first, second] = texts.map((text) => Buffer.from(text)) as [Buffer, Buffer];
  const total = { inMemory: [0, 0] as [number, number], inEnvironment: [0, 0] as [number, number] };
  for (const name of found) {
    const environment = readOr(`/proc/${name}/environ`);
    total.inEnvironment[0] += countIn(environment, first);
    total.inEnvironment[1] += countIn(environment, second);
    const [a, b] = countInMemory(name, first, second);
    total.inMemory[0] += a;
    total.inMemory[1] += b;
  }
  return { processes: found.length, ...total };
}

function countInMemory(process: string, first: Buffer, second: Buffer): [number, number] {
  const counts: [number, number] = [0, 0];
  let memory: number;
  try {
    memory = openSync(`/proc/${process}/mem`, 'r');
  } catch {
    // It has ended since.
    return counts;
  }
  try {
    for (const { start, end } of mappings(readOr(`/proc/${process}/maps`).toString('latin1'))) {
      for (let at = start; at < end; at += chunkBytes) {
        const part = readPart(memory, at, Math.min(chunkBytes, end - at));
        counts[0] += countIn(part, first);
        counts[1] += countIn(part, second);
      }
    }
  } finally {
    closeSync(memory);
  }
  return counts;
}

function mappings(maps: string): readonly { readonly start: number; readonly end: number }[] {
  return maps.split('\n').flatMap((line) => {
    const [, start, end] = /^([0-9a-f]+)-([0-9a-f]+) r/.exec(line) ?? [];
    if (start === undefined || end === undefined) return [];
    const bounds = { start: Number.parseInt(start, 16), end: Number.parseInt(end, 16) };
    // The kernel's own page of calls lies past what a number holds exactly.
    return Number.isSafeInteger(bounds.end) && bounds.end - bounds.start < 2 ** 31 ? [bounds] : [];
  });
}

function readPart(memory: number, at: number, length: number): Buffer {
  const part = Buffer.alloc(length);
  try {
    return part.subarray(0, readSync(memory, part, 0, length, at));
  } catch {
    // A mapping whose file is shorter, or a device.
    return part.subarray(0, 0);
  }
}

function countIn(bytes: Buffer, text: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(text); at !== -1; at = bytes.indexOf(text, at + 1)) count += 1;
  return count;
}

function readOr(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    return Buffer.alloc(0);
  }
}
