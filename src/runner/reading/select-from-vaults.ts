import { mostRequests } from '../../provenance/parse-receipt.ts';
import type { Receipt, ReceiptRequest } from '../../provenance/receipt.ts';
import type { SecretRequest, SecretSelection } from '../configuration/secret-request.ts';
import { vaultAddress } from '../configuration/vault-address.ts';
import type { FetchPorts } from './fetch-secrets.ts';
import { type Selected, selectSecrets } from './select-secrets.ts';

interface SelectionPorts extends FetchPorts {
  /** Whether names must not be printed. */
  readonly opaque: boolean;
  readonly post: (receipts: readonly Receipt[]) => Promise<void>;
}

/**
 * Lists the vaults of a manifest's selections, one after another, and returns their secrets as requests by name. Each
 * listing leaves receipts, successful or not: it reveals which secrets there are. Says what was selected.
 * @throws ServiceError as `selectSecrets`, and for a vault that must not be asked
 */
export async function selectFromVaults(
  ports: SelectionPorts,
  selections: readonly SecretSelection[],
): Promise<readonly SecretRequest[]> {
  const { configuration, chain, exchange, authority, identity, runtime } = ports;
  const requests: SecretRequest[] = [];
  for (const selection of selections) {
    const vault = vaultAddress(configuration, selection.vault);
    const name = `${selection.prefix}*`;
    const clientRequestId = chain.nextClientRequestId(`${vault.name}/${name}`);
    const answers: ReceiptRequest[] = [];
    const listing = {
      exchange,
      authority,
      clientRequestId,
      userAgent: chain.userAgent,
      now: () => runtime.now(),
      answers,
    };
    try {
      const token = await identity(vault.resource);
      const selected = await selectSecrets({ ...listing, token }, vault, selection);
      runtime.say(describeSelected(selection, selected, ports.opaque));
      requests.push(...selected.requests);
    } finally {
      await leaveReceipts({ vault: vault.name, name, clientRequestId, answers });
    }
  }
  return requests;

  /** One receipt for as many pages as it can hold. */
  async function leaveReceipts({ answers, ...listed }: Listing): Promise<void> {
    const receipts: Receipt[] = [];
    for (let from = 0; from < answers.length; from += mostRequests) {
      const requested = answers.slice(from, from + mostRequests);
      const read = {
        ...listed,
        outcome: { kind: 'listed' },
        requests: requested,
        address: null,
        clockOffsetMs: null,
      } as const;
      receipts.push(...chain.receiptsOf([read]));
    }
    receipts.forEach((receipt) => ports.record(receipt));
    await ports.post(receipts);
  }
}

interface Listing {
  readonly vault: string;
  readonly name: string;
  readonly clientRequestId: string;
  readonly answers: readonly ReceiptRequest[];
}

function describeSelected({ prefix }: SecretSelection, { requests, disabled }: Selected, opaque: boolean): string {
  const left = disabled.length === 0 ? '' : `; ${String(disabled.length)} disabled and skipped`;
  const variables = requests.map(({ target }) => (target.kind === 'environment' ? target.variable : ''));
  const named = opaque ? '' : `: ${variables.join(', ')}`;
  return `${String(requests.length)} secrets start with ${opaque ? 'a prefix' : prefix}${named}${left}`;
}
