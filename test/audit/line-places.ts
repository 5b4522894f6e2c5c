import { createLineMemory, type LineMemory } from '../../src/audit/parsing/line-memory.ts';

/** Where a scanner reads a line. */
interface LinePlace {
  readonly bytes: Buffer;
  readonly from: number;
  readonly to: number;
}

/** Puts lines where scanners read them, after other bytes and before others, as a block has them. */
interface LinePlacer {
  /** For another scanner. */
  memory(): LineMemory | null;
  place(line: string, after: Buffer): LinePlace;
}

const before = Buffer.from('before\n');

/** Each line in bytes of its own, which JavaScript compares. */
function anywhere(): LinePlacer {
  return {
    memory: () => null,
    place(line, after) {
      const bytes = Buffer.concat([before, Buffer.from(line), after]);
      return { bytes, from: before.length, to: before.length + Buffer.byteLength(line) };
    },
  };
}

/** Each line over the one before, in the memory of a kernel, which compares them. Scanners have the room of the one before. */
function inMemory(): LinePlacer {
  const memory = createLineMemory();
  if (memory === null) throw new Error('this Node has no WebAssembly');
  const roomBytes = 1 << 20;
  const room = memory.takeTables(roomBytes);
  const start = memory.takeText(1 << 16);
  if (room === null || start === null) throw new Error('the memory is new');
  return {
    memory() {
      new Uint8Array(room.buffer, room.at, roomBytes).fill(0);
      let next = room.at;
      return {
        ...memory,
        takeTables(bytes) {
          const at = next;
          if (at + bytes > room.at + roomBytes) return null;
          next += (bytes + 15) & ~15;
          return { buffer: room.buffer, at };
        },
      };
    },
    place(line, after) {
      const from = start + before.copy(memory.text, start);
      const to = from + memory.text.write(line, from);
      after.copy(memory.text, to);
      return { bytes: memory.text, from, to };
    },
  };
}

export const linePlacers = [
  ['in bytes of its own', anywhere()],
  ['in the memory of the kernel', inMemory()],
] as const;
