/** A pipe holds as much. */
const roomBytes = 65_536;

/** Of a stream's bytes that are held back, so many are put before its next chunk without moving that. */
export const headroomBytes = 65_536;

/** How much memory a room takes. */
export const roomSize = headroomBytes + roomBytes;

/** The room in so much memory, `at` whose place it begins: for one chunk, `headroomBytes` before which are free. */
export function roomIn(memory: ArrayBufferLike, at: number): Buffer {
  return Buffer.from(memory, at + headroomBytes, roomBytes);
}
