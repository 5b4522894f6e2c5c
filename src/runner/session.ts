import type { Receipt } from '../provenance/receipt.ts';
import { ServiceError } from '../service-error.ts';
import { accessTokenSource } from './identity/access-token-source.ts';
import { earlyTokens } from './identity/early-tokens.ts';
import { forgetCredential } from './configuration/forget-credential.ts';
import type { BrokerReads } from './broker/broker-reads.ts';
import type { AzureIdentity, BrokerConfiguration, FetchConfiguration } from './configuration/fetch-configuration.ts';
import { fetchSecrets, type FetchedSecret } from './reading/fetch-secrets.ts';
import { refuseHostileEnvironment } from './configuration/hostile-environment.ts';
import { httpExchange, openConnection } from './http-exchange.ts';
import { readJobContext, type JobContext } from './job-context.ts';
import { emitReceipt } from './receipts/emit-receipt.ts';
import { loadFetchConfiguration } from './configuration/load-fetch-configuration.ts';
import { requiresNamePrivacy } from './receipts/name-privacy.ts';
import type { ReadRight } from './reading/probe-rights.ts';
import { postReceipts } from './receipts/post-receipts.ts';
import { readAuthority } from './identity/read-authority.ts';
import { type ReceiptChain, startReceiptChain } from './receipts/receipt-chain.ts';
import type { SecretRequest, SecretSelection } from './configuration/secret-request.ts';
import type { Runtime } from './runtime.ts';
import { vaultAddress } from './configuration/vault-address.ts';

/** One start of the helper: its identity, its job, and its chain of receipts. */
export interface Session {
  readonly configuration: FetchConfiguration;
  readonly job: JobContext | null;
  /** How long a read waits for a new role to take effect and for throttling to end. */
  readonly patienceMs: number;
  /**
   * Sends the token requests for these secrets and opens the connections to their vaults, for the next `fetch`. Resolves
   * as soon as they are under way, so that the caller can prepare meanwhile. Never rejects: what fails, fails in `fetch`.
   */
  prepare(requests: readonly SecretRequest[]): Promise<void>;
  /**
   * Reads secrets. Their receipts are logged and posted before any value is returned.
   * @throws ServiceError of the first failed read
   */
  fetch(requests: readonly SecretRequest[]): Promise<readonly FetchedSecret[]>;
  /**
   * Requests for what a manifest selects by prefix; a message names what was selected.
   * @throws ServiceError SELECTION_REFUSED, and if the vault refuses to list
   */
  select(selections: readonly SecretSelection[]): Promise<readonly SecretRequest[]>;
  /**
   * The enabled secrets of a vault that start with a prefix, sorted by name.
   * @throws ServiceError if the vault refuses to list; SELECTION_REFUSED
   */
  list(vault: string | null, prefix: string): Promise<readonly string[]>;
  /**
   * Whether each of these secrets may be read, without reading a value.
   * @throws ServiceError as `list`
   */
  rights(vault: string | null, names: readonly string[]): Promise<ReadonlyMap<string, ReadRight>>;
}

/** A first manifest is read by a person. */
const mostListed = 200;

/** A job that was deployed together with its role waits for it; a person at a terminal is told, and may wait or not. */
const patienceOfJobMs = 120_000;
const patienceOfPersonMs = 5_000;

/**
 * Checks what the helper relies on, in this order: the environment, the configuration, the job. `patience`: how long to
 * wait for a new role to take effect and for throttling to end, in milliseconds; `null` for what suits a job or a person.
 */
export function startSession(runtime: Runtime, patience: number | null): Session {
  const { environment, say } = runtime;
  const configuration = loadFetchConfiguration(environment);
  refuseHostileEnvironment(environment, configuration.allowVariables);
  forgetCredential(configuration.identity, say);
  const job = findJob(configuration, runtime);
  const { identity } = configuration;
  const patienceMs = patience ?? (configuration.gitea === null ? patienceOfPersonMs : patienceOfJobMs);
  if (identity.kind === 'broker') return brokerSession({ runtime, configuration, job, patienceMs, broker: identity });
  return createSession({ runtime, configuration, job, patienceMs, identity });
}

/** A session whose reads the broker makes: it keeps the journal, so there are no receipts, and it lists nothing. */
function brokerSession({ broker, ...checked }: Checked & { readonly broker: BrokerConfiguration }): Session {
  const { configuration, job } = checked;
  const authority = readAuthority(configuration.authorityFile);
  let opened: Promise<BrokerReads> | null = null;
  const reads = (): Promise<BrokerReads> =>
    (opened ??= import('./broker/broker-reads.ts').then(({ brokerReads }) =>
      brokerReads({ ...checked, broker, authority, exchange: httpExchange }),
    ));
  return {
    configuration,
    job,
    patienceMs: checked.patienceMs,
    async prepare() {
      // Under way while the caller prepares; what fails, fails in `fetch`.
      const asked = await reads();
      asked.open().catch(() => undefined);
    },
    fetch: async (requests) => await (await reads()).fetch(requests),
    select: async ([first]) => (first === undefined ? [] : await refuseListing(first.vault, first.prefix)),
    list: refuseListing,
    rights: async (vault) => await refuseListing(vault, ''),
  };
}

async function refuseListing(vault: string | null, prefix: string): Promise<never> {
  const details = { vault: vault ?? '', prefix, reason: 'the broker lists no secrets: name each one' };
  return await Promise.reject(new ServiceError('SELECTION_REFUSED', details));
}

interface Checked {
  readonly runtime: Runtime;
  readonly configuration: FetchConfiguration;
  readonly job: JobContext | null;
  readonly patienceMs: number;
}

function createSession({
  runtime,
  configuration,
  job,
  patienceMs,
  identity: azure,
}: Checked & { readonly identity: AzureIdentity }): Session {
  const { environment, say } = runtime;
  const opaque = requiresNamePrivacy(configuration, job);
  const authority = readAuthority(configuration.authorityFile);
  const exchange = httpExchange;
  const ports = { configuration, exchange, runtime, patienceMs, authority };
  const tokens = earlyTokens(() => accessTokenSource({ ...ports, gitea: configuration.gitea }, azure));
  let started: ReceiptChain | null = null;
  return {
    configuration,
    job,
    patienceMs,
    async prepare(requests) {
      const vaults = new Set(requests.map(({ vault }) => vault));
      for (const vault of [...vaults].flatMap((name) => vaultOrNone(configuration, name))) {
        await tokens.ask(vault.resource);
        openConnection(vault.url, authority);
      }
      // One turn of the event loop, in which the requests leave.
      await new Promise(setImmediate);
    },
    async select(selections) {
      if (selections.length === 0) return [];
      const { selectFromVaults } = await import('./reading/select-from-vaults.ts');
      return await selectFromVaults(await listingPorts(), selections);
    },
    async list(vault, prefix) {
      const { listOnRecord } = await import('./reading/select-from-vaults.ts');
      const { listSecrets } = await import('./reading/list-secrets.ts');
      const found = await listOnRecord(
        await listingPorts(),
        { vault, prefix },
        async (listing, address) => await listSecrets(listing, address, prefix, mostListed),
      );
      return found
        .filter(({ enabled }) => enabled)
        .map(({ name }) => name)
        .toSorted();
    },
    async rights(vault, names) {
      const { probeRights } = await import('./reading/probe-rights.ts');
      return await probeRights(await listingPorts(), vault, names);
    },
    async fetch(requests) {
      const identity = await tokens.source();
      const fetched = await fetchSecrets({ ...ports, chain: receiptChain(), identity, record: recorder() }, requests);
      await post(fetched.receipts);
      return fetched.use();
    },
  };

  function receiptChain(): ReceiptChain {
    started ??= startReceiptChain(job?.numbers ?? null, runtime.nonce(4), opaque);
    return started;
  }

  async function listingPorts() {
    return { ...ports, chain: receiptChain(), identity: await tokens.source(), record: recorder(), opaque, post };
  }

  async function post(receipts: readonly Receipt[]): Promise<void> {
    if (receipts.length === 0 || configuration.service === null) return;
    const token = environment['ACTIONS_RUNTIME_TOKEN'] ?? '';
    const failure = await postReceipts(exchange, configuration.service, token, receipts, authority);
    if (failure !== null) say(`the service did not accept the receipts (${failure}); they are in this log`);
  }
}

/** Writes receipts to the log. The first one ends an unfinished line before it. */
function recorder(): (receipt: Receipt) => void {
  let afresh = true;
  return (receipt) => {
    emitReceipt(receipt, afresh);
    afresh = false;
  };
}

function findJob({ gitea, withoutJob }: FetchConfiguration, { environment, say }: Runtime): JobContext | null {
  // A person reads with their own name, which the vault's log shows.
  if (gitea === null) return null;
  const lookup = readJobContext(environment, gitea);
  if (lookup.found) return lookup.job;
  if (withoutJob === 'refuse') throw new ServiceError('JOB_NUMBERS_UNKNOWN', { reason: lookup.reason });
  say(`reads are not stamped with a job: ${lookup.reason}`);
  return null;
}

/** Nothing for a vault that must not be asked: `fetch` reports why. */
function vaultOrNone(
  configuration: FetchConfiguration,
  name: string | null,
): readonly ReturnType<typeof vaultAddress>[] {
  try {
    return [vaultAddress(configuration, name)];
  } catch (error) {
    if (ServiceError.is(error)) return [];
    throw error;
  }
}
