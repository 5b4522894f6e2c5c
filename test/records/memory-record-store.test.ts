import { recordStoreContract } from '../contracts/record-store.contract.ts';
import { memoryRecordStore } from '../memory-record-store.ts';

recordStoreContract('memory', () => Promise.resolve(memoryRecordStore()));
