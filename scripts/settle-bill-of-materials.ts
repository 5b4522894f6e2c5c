import { createHash } from 'node:crypto';

/** The parts of npm's CycloneDX document that are read or changed here. */
interface BillOfMaterials {
  serialNumber: string;
  metadata: { timestamp?: string; component: { name: string } };
  components: { name: string; licenses?: unknown }[];
}

/**
 * Makes npm's list of the installed packages (`npm sbom`, CycloneDX) the same for the same lock file: without the time, with
 * a serial number from its contents, under the package's name. A platform's binary that names no licence has that of the
 * package that it belongs to.
 */
export function settleBillOfMaterials(text: string, name: string): string {
  const bill = JSON.parse(text) as BillOfMaterials;
  delete bill.metadata.timestamp;
  bill.metadata.component.name = name;
  for (const component of bill.components) {
    const parent = bill.components.find((other) => other.licenses && component.name.startsWith(`${other.name}-`));
    component.licenses ??= parent?.licenses;
  }
  bill.serialNumber = '';
  const digest = createHash('sha256').update(JSON.stringify(bill)).digest('hex');
  bill.serialNumber = `urn:uuid:${digest.slice(0, 8)}-${digest.slice(8, 12)}-8${digest.slice(13, 16)}-a${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
  return `${JSON.stringify(bill, null, 1)}\n`;
}
