import { mostRequests } from '../../provenance/parse-receipt.ts';
import type { Receipt, ReceiptRequest } from '../../provenance/receipt.ts';
import type { SecretRequest, SecretSelection } from '../configuration/secret-request.ts';
import { vaultAddress } from '../configuration/vault-address.ts';
import type { FetchPorts } from './fetch-secrets.ts';
import type { ListingPorts } from './list-secrets.ts';
import { type Selected, selectSecrets } from './select-secrets.ts';

interface SelectionPorts extends FetchPorts {
  /** Whether names must not be printed. */
  readonly opaque: boolean;
  readonly post: (receipts: readonly Receipt[]) => Promise<void>;
}

/**
 * Lists the vaults of a manifest's selections, one after another, and returns their secrets as requests by name. Says what
 * was selected.
 * @throws ServiceError as `selectSecrets`, and for a vault that must not be asked
 */
export async function selectFromVaults(
  ports: SelectionPorts,
  selections: readonly SecretSelection[],
): Promise<readonly SecretRequest[]> {
  const requests: SecretRequest[] = [];
  for (const selection of selections) {
    const selected = await listOnRecord(
      ports,
      selection,
      async (listing, vault) => await selectSecrets(listing, vault, selection),
    );
    ports.runtime.say(describeSelected(selection, selected, ports.opaque));
    requests.push(...selected.requests);
  }
  return requests;
}

/** The vault's short name, or `null` for the only one, and what the names start with. */
type Listed = Pick<SecretSelection, 'vault' | 'prefix'>;

/**
 * Lists a vault and leaves receipts of it, whether the vault answers or not: a list reveals which secrets there are. One
 * receipt for as many pages as it can hold.
 */
export async function listOnRecord<Found>(
  ports: SelectionPorts,
  { vault: wanted, prefix }: Listed,
  list: (listing: ListingPorts, vault: { readonly name: string; readonly url: string }) => Promise<Found>,
): Promise<Found> {
  const { configuration, chain, exchange, authority, identity, runtime } = ports;
  const vault = vaultAddress(configuration, wanted);
  const name = `${prefix}*`;
  const clientRequestId = chain.nextClientRequestId(`${vault.name}/${name}`);
  const answers: ReceiptRequest[] = [];
  const token = await identity(vault.resource);
  try {
    const now = () => runtime.now();
    return await list({ exchange, authority, clientRequestId, userAgent: chain.userAgent, now, answers, token }, vault);
  } finally {
    const receipts: Receipt[] = [];
    for (let from = 0; from < answers.length; from += mostRequests) {
      const requests = answers.slice(from, from + mostRequests);
      const listed = { kind: 'listed' } as const;
      const read = { vault: vault.name, name, clientRequestId, requests, outcome: listed, address: null };
      receipts.push(...chain.receiptsOf([{ ...read, clockOffsetMs: null }]));
    }
    for (const receipt of receipts) ports.record(receipt);
    await ports.post(receipts);
  }
}

function describeSelected({ prefix }: SecretSelection, { requests, disabled }: Selected, opaque: boolean): string {
  const left = disabled.length === 0 ? '' : `; ${String(disabled.length)} disabled and skipped`;
  const variables = requests.map(({ target }) => (target.kind === 'environment' ? target.variable : ''));
  const named = opaque ? '' : `: ${variables.join(', ')}`;
  return `${String(requests.length)} secrets start with ${opaque ? 'a prefix' : prefix}${named}${left}`;
}
