import { createHash } from 'node:crypto';

/** The parts of npm's CycloneDX document that are read or changed here. */
interface BillOfMaterials {
  serialNumber: string;
  metadata: { timestamp?: string; component: { name: string; 'bom-ref': string } };
  components: { name: string; 'bom-ref': string; licenses?: unknown }[];
  dependencies: { ref: string; dependsOn?: string[] }[];
}

/** The parts of package-lock.json that are read here. */
interface LockFile {
  readonly name: string;
  readonly packages: Readonly<Record<string, { readonly version?: string; readonly dev?: boolean }>>;
}

/**
 * Makes npm's list of all packages of the lock file (`npm sbom`, CycloneDX) the list of those that an installation brings:
 * npm's own `--omit=dev` leaves out what a development package needs too. The same lock file gives the same text: it has no
 * time, and its serial number comes from its contents. A platform's binary that names no licence has that of the package
 * that it belongs to.
 */
export function settleBillOfMaterials(text: string, lock: LockFile): string {
  const bill = JSON.parse(text) as BillOfMaterials;
  delete bill.metadata.timestamp;
  bill.metadata.component.name = lock.name;
  const installed = new Set([bill.metadata.component['bom-ref'], ...installedBy(lock)]);
  bill.components = bill.components.filter((component) => installed.has(component['bom-ref']));
  bill.dependencies = bill.dependencies
    .filter(({ ref }) => installed.has(ref))
    .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((one) => installed.has(one)) }));
  for (const component of bill.components) {
    const parent = bill.components.find((other) => other.licenses && component.name.startsWith(`${other.name}-`));
    component.licenses ??= parent?.licenses;
  }
  bill.serialNumber = '';
  const digest = createHash('sha256').update(JSON.stringify(bill)).digest('hex');
  bill.serialNumber = `urn:uuid:${digest.slice(0, 8)}-${digest.slice(8, 12)}-8${digest.slice(13, 16)}-a${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
  return `${JSON.stringify(bill, null, 1)}\n`;
}

function installedBy({ packages }: LockFile): readonly string[] {
  return Object.entries(packages).flatMap(([place, { version = '', dev }]) =>
    place === '' || dev === true ? [] : [`${place.slice(place.lastIndexOf('node_modules/') + 13)}@${version}`],
  );
}
