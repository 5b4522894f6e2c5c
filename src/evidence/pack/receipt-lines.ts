import type { ReceiptRecord } from '../../audit/model/audited-period.ts';
import type { LineMemory } from './line-memory.ts';

/**
 * Writes the line of `receipts.ndjson`, as canonical JSON. Its members are written one by one, in their order, which takes
 * a third of the time of sorting those of an object.
 */
export function writeReceipt(lines: LineMemory, receipt: ReceiptRecord): void {
  lines.write('{"also":');
  lines.writeJsonList(receipt.also);
  lines.write(',"answeredAt":');
  lines.writeJson(receipt.answeredAt);
  lines.write(',"channel":');
  lines.writeJson(receipt.channel);
  lines.write(',"clockOffsetMs":');
  lines.write(JSON.stringify(receipt.clockOffsetMs));
  lines.write(',"contested":');
  lines.write(String(receipt.contested));
  lines.write(',"job":');
  lines.writeJson(receipt.job);
  lines.write(',"matched":');
  lines.write(String(receipt.matched));
  lines.write(',"reference":');
  lines.writeJson(receipt.reference);
  lines.write(',"requests":');
  lines.writeJsonList(receipt.requests);
  lines.write(',"secret":');
  lines.writeJson(receipt.secret);
  lines.write(',"vault":');
  lines.writeJson(receipt.vault);
  lines.write(',"version":');
  lines.writeJson(receipt.version);
  lines.write('}\n');
}
