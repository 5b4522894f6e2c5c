import type { Receipt } from '../../provenance/receipt.ts';
import { accessTokenSource } from '../identity/access-token-source.ts';
import type { AccessToken } from '../identity/access-token.ts';
import { type Diagnosis, pass, warn } from './diagnosis.ts';
import * as vaultLayer from './diagnose-vault.ts';
import type { AzureIdentity, FetchConfiguration } from '../configuration/fetch-configuration.ts';
import { helperVersion } from '../helper-version.ts';
import { type HttpExchange, httpExchange } from '../http-exchange.ts';
import { readJobContext } from '../job-context.ts';
import { emitReceipt } from '../receipts/emit-receipt.ts';
import { requiresNamePrivacy } from '../receipts/name-privacy.ts';
import { postReceipts } from '../receipts/post-receipts.ts';
import { readAuthority } from '../identity/read-authority.ts';
import { readSecret } from '../reading/read-secret.ts';
import { startReceiptChain } from '../receipts/receipt-chain.ts';
import type { SecretRead } from '../receipts/secret-read.ts';
import type { Runtime } from '../runtime.ts';
import { vaultAddress } from '../configuration/vault-address.ts';

export interface WantedReads {
  /** Whether to explain how to find the read in the vault's log. */
  readonly audit: boolean;
  /** One secret to read by name. */
  readonly secret: { readonly vault: string | null; readonly name: string; readonly version: string | null } | null;
}

/**
 * Probes each vault for `doctor`: the network, the identity, its role with names that no secret has, and the requested
 * secret. The probes are reads like any other: stamped and with receipts.
 */
export async function probeReads(
  configuration: FetchConfiguration,
  azure: AzureIdentity,
  wanted: WantedReads,
  runtime: Runtime,
): Promise<readonly Diagnosis[]> {
  const authority = readAuthority(configuration.authorityFile);
  const exchange: HttpExchange = (request) => httpExchange({ ...request, authority });
  const identity = await accessTokenSource({ exchange, runtime, gitea: configuration.gitea }, azure);
  const lookup = readJobContext(runtime.environment, configuration.gitea);
  const job = lookup.found ? lookup.job : null;
  const opaque = requiresNamePrivacy(configuration, job);
  const chain = startReceiptChain(job?.numbers ?? null, runtime.nonce(4), opaque);
  const found: Diagnosis[] = [];
  const receipts: Receipt[] = [];
  let clockOffsetMs: number | null = null;

  for (const { name } of configuration.vaults) {
    const vault = vaultAddress(configuration, name);
    found.push(...(await vaultLayer.diagnoseWay(exchange, vault)));
    let token: AccessToken;
    try {
      token = await identity(vault.resource);
    } catch (error) {
      return [...found, vaultLayer.diagnoseIdentityFailure(error)];
    }
    found.push(vaultLayer.diagnoseToken(token));
    const read = async (secret: string, version: string | null = null): Promise<SecretRead> => {
      const ports = { exchange, runtime, token, userAgent: chain.userAgent, patienceMs: 0 };
      const clientRequestId = chain.nextClientRequestId(secret);
      const one = await readSecret(ports, { vault, name: secret, version, clientRequestId });
      clockOffsetMs = one.clockOffsetMs ?? clockOffsetMs;
      for (const receipt of chain.receiptsOf([one])) {
        emitReceipt(receipt, receipt.sequence === 1);
        receipts.push(receipt);
      }
      return one;
    };
    found.push(
      vaultLayer.diagnoseRole(name, await read(vaultLayer.probe), wanted.secret !== null),
      vaultLayer.diagnoseStaging(name, await read(vaultLayer.stagingProbe)),
      vaultLayer.diagnoseStaging(name, await read(vaultLayer.stagingKey)),
    );
    const { secret } = wanted;
    if (secret === null || vaultAddress(configuration, secret.vault).name !== name) continue;
    const one = await read(secret.name, secret.version);
    found.push(vaultLayer.diagnoseSecret(one, runtime.now()));
    if (wanted.audit) found.push(pass('audit', auditAdvice(one)));
  }
  found.push(vaultLayer.diagnoseClock(clockOffsetMs));
  if (configuration.service !== null && receipts.length > 0) {
    const token = runtime.environment['ACTIONS_RUNTIME_TOKEN'] ?? '';
    found.push(diagnoseService(await postReceipts(exchange, configuration.service, token, receipts)));
  }
  return found;
}

function diagnoseService(failure: string | null): Diagnosis {
  if (failure === null) return pass('service', 'it accepted the receipts of these reads');
  const advice =
    failure === 'HTTP 401'
      ? 'Gitea does not confirm this job, or runner and service use different addresses for Gitea.'
      : 'Check its address in the configuration, and the network; the receipts are still in the log.';
  return warn('service', `it did not accept the receipts of these reads (${failure})`, advice);
}

/** It is disputed which of the two ids a tenant's log shows, so this finds out for the tenant. */
function auditAdvice({ clientRequestId, requests }: SecretRead): string {
  const server = requests.at(-1)?.id ?? '(none)';
  return [
    `in two hours \`keyturn doctor\`, on the service, reports which id the log shows, using this read's receipt. By hand, in`,
    `the vault's workspace: AZKVAuditLogs | where CorrelationId in~ ("${clientRequestId}", "${server}")`,
    `| project CorrelationId, ClientInfo. ${server} there means that the log shows server ids, as Keyturn expects;`,
    `${clientRequestId} means client ids, which anyone can choose: reads are then at most corroborated. ClientInfo must start`,
    `with keyturn/${helperVersion}.`,
  ].join(' ');
}
