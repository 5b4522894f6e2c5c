import type { Receipt } from '../../provenance/receipt.ts';
import { ServiceError } from '../../service-error.ts';
import { vaultAddress } from '../configuration/vault-address.ts';
import type { FetchPorts } from './fetch-secrets.ts';
import { readSecret } from './read-secret.ts';

/** Whether an identity may read one secret. `unknown`: the vault answered neither, and `reason` is the code of its answer. */
export type ReadRight =
  | { readonly right: 'readable' | 'refused'; readonly reason: null }
  | { readonly right: 'unknown'; readonly reason: string };

/**
 * A version that no secret has. Key Vault looks at the caller's rights before it looks for a version, so its answer tells
 * them apart and holds no value: 404 from a secret that may be read, 403 from one that may not. Attributes and lists need
 * another right, and show nothing of this one. Source: 403 `ForbiddenByRbac` for secrets that do not exist yet, which
 * Terraform's check for existing ones meets; the action in it is `secrets/getSecret/action`, that of every version.
 */
const noVersion = '0'.repeat(32);

/** As many at once as the vault's limit bears. */
const atOnce = 8;

interface ProbePorts extends FetchPorts {
  readonly post: (receipts: readonly Receipt[]) => Promise<void>;
}

/**
 * Finds out of each secret whether it may be read, without reading a value. The requests are reads to the vault's log,
 * which fail, and leave receipts like any other in a job.
 * @throws ServiceError for a vault that must not be asked, and without a token
 */
export async function probeRights(
  ports: ProbePorts,
  vaultName: string | null,
  names: readonly string[],
): Promise<ReadonlyMap<string, ReadRight>> {
  const { configuration, chain } = ports;
  const vault = vaultAddress(configuration, vaultName);
  const token = await ports.identity(vault.resource);
  const rights = new Map<string, ReadRight>();
  const receipts: Receipt[] = [];
  const left = [...names];
  await Promise.all(Array.from({ length: atOnce }, ask));
  await ports.post(receipts);
  return rights;

  async function ask(): Promise<void> {
    for (let name = left.shift(); name !== undefined; name = left.shift()) {
      const clientRequestId = chain.nextClientRequestId(`${vault.name}/${name}@${noVersion}`);
      const { userAgent } = chain;
      const wanted = { vault, name, version: noVersion, clientRequestId };
      const read = await readSecret({ ...ports, token, userAgent, patienceMs: 0 }, wanted);
      for (const receipt of chain.receiptsOf([read])) {
        receipts.push(receipt);
        ports.record(receipt);
      }
      rights.set(name, rightOf(read.outcome.kind === 'failed' ? read.outcome.error : null));
    }
  }
}

/** What the vault's answer to the read of a version tells that no secret has. */
function rightOf(error: ServiceError | null): ReadRight {
  if (error === null || ServiceError.is(error, 'SECRET_MISSING') || ServiceError.is(error, 'SECRET_SOFT_DELETED')) {
    return { right: 'readable', reason: null };
  }
  if (ServiceError.is(error, 'VAULT_ACCESS_DENIED')) return { right: 'refused', reason: null };
  return { right: 'unknown', reason: error.code };
}
