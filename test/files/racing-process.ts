import { folderRecordStore } from '../../src/files/folder-record-store.ts';
import { ServiceError } from '../../src/service-error.ts';

/**
 * A process of its own that races others: `claim` creates paths that all want, `count` adds 1 to one record again and
 * again. Prints one line of JSON with what it won.
 */
const [, , directory = '', task = '', name = '', roundsText = '0'] = process.argv;
const store = await folderRecordStore(directory);
const rounds = Number(roundsText);
let won = 0;

for (let round = 0; round < rounds; round++) {
  if (task === 'claim') won += await claims(`claim/${String(round)}`);
  if (task === 'count') {
    while (!(await adds())) continue;
    won += 1;
  }
}
process.stdout.write(`${JSON.stringify({ name, won })}\n`);

async function claims(path: string): Promise<number> {
  try {
    await store.create(path, new TextEncoder().encode(name));
    return 1;
  } catch (error) {
    if (ServiceError.is(error, 'RECORD_EXISTS')) return 0;
    throw error;
  }
}

async function adds(): Promise<boolean> {
  const read = await store.read('counter');
  if (read === null) throw new Error('the counter is gone');
  const next = Number(new TextDecoder().decode(read.bytes)) + 1;
  try {
    await store.replace('counter', new TextEncoder().encode(String(next)), read.revision);
    return true;
  } catch (error) {
    if (ServiceError.is(error, 'RECORD_CHANGED')) return false;
    throw error;
  }
}
