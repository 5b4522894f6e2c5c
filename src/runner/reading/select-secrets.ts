import type { ReceiptRequest } from '../../provenance/receipt.ts';
import { ServiceError } from '../../service-error.ts';
import type { AccessToken } from '../identity/access-token.ts';
import { exchangeFailure, type HttpAnswer, type HttpExchange } from '../http-exchange.ts';
import { isSafeVariable, type SecretRequest, type SecretSelection } from '../configuration/secret-request.ts';
import { vaultRefusal } from './vault-refusal.ts';

interface ListingPorts {
  readonly exchange: HttpExchange;
  readonly token: AccessToken;
  readonly userAgent: string;
  readonly authority?: string | undefined;
  readonly clientRequestId: string;
  readonly now: () => Date;
  /** Filled with every answer of the vault, in order, whatever comes of it: the listing's receipts name them. */
  readonly answers: ReceiptRequest[];
}

/** The secrets found for a prefix. */
export interface Selected {
  readonly requests: readonly SecretRequest[];
  /** Names of matching secrets whose newest version is disabled; they are skipped. */
  readonly disabled: readonly string[];
}

/** A manifest that selects more is probably a mistake. */
const mostSelected = 100;
/** Azure returns 25 names per page, and a vault has no limit; with more secrets than this, request them by name. */
const mostPages = 400;
const timeoutMs = 10_000;

/**
 * Lists a vault's secrets with a prefix and returns them as requests by name, sorted by name. A listing contains names
 * but no values; each value is then read and recorded like any other.
 * @throws ServiceError VAULT_ACCESS_DENIED and similar if the vault refuses to list; SELECTION_REFUSED
 */
export async function selectSecrets(
  ports: ListingPorts,
  vault: { readonly name: string; readonly url: string },
  selection: SecretSelection,
): Promise<Selected> {
  const { prefix, variablePrefix, required, minimumLifeMs } = selection;
  const found: { readonly name: string; readonly enabled: boolean }[] = [];
  let page: string | null = `${vault.url}/secrets?api-version=7.4&maxresults=25`;
  for (let pages = 1; page !== null; pages += 1) {
    if (pages > mostPages) refuse('the vault holds more than 10,000 secrets');
    const answer: Page = parsePage((await ask(page)).body) ?? refuse('the vault returned no list of secrets');
    found.push(...answer.secrets.filter(({ name }) => name.toLowerCase().startsWith(prefix)));
    if (found.length > mostSelected) refuse(`more than ${String(mostSelected)} secrets start with the prefix`);
    page = answer.next === null ? null : onSameVault(answer.next);
  }
  const enabled = found.filter(({ enabled: usable }) => usable).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  if (enabled.length === 0 && required) refuse('no enabled secret starts with the prefix');
  return {
    disabled: found.filter(({ enabled: usable }) => !usable).map(({ name }) => name),
    requests: enabled.map(({ name }) => ({
      vault: selection.vault,
      name,
      version: null,
      pointer: null,
      target: { kind: 'environment', variable: variableOf(name) },
      required,
      minimumLifeMs,
    })),
  };

  function variableOf(name: string): string {
    const variable = `${variablePrefix}${name.slice(prefix.length).toUpperCase().replaceAll('-', '_')}`;
    return isSafeVariable(variable) ? variable : refuse('a variable that programs obey would come of one of them');
  }

  async function ask(url: string): Promise<HttpAnswer> {
    const { exchange, token, userAgent, authority, clientRequestId } = ports;
    const headers = {
      authorization: `Bearer ${token.token.reveal()}`,
      accept: 'application/json',
      'user-agent': userAgent,
      'x-ms-client-request-id': clientRequestId,
    };
    let answer: HttpAnswer;
    try {
      answer = await exchange({ method: 'GET', url, headers, timeoutMs, authority });
    } catch (cause) {
      throw new ServiceError('VAULT_UNREACHABLE', { vault: vault.name, reason: exchangeFailure(cause) }, { cause });
    }
    const id = answer.headers['x-ms-request-id'];
    if (typeof id === 'string' && /^[0-9A-Za-z-]{1,64}$/.test(id)) {
      ports.answers.push({ id, status: answer.status, at: ports.now().toISOString() });
    }
    if (answer.status === 200) return answer;
    const asked = { vault: vault.name, name: `${prefix}… (list)`, version: null, objectId: token.objectId };
    throw vaultRefusal(asked, answer).error;
  }

  /** The next page's address comes from an answer, so this checks that the token only goes to this vault's list. */
  function onSameVault(link: string): string {
    const [url, own] = [URL.parse(link), new URL(vault.url)];
    if (url?.origin !== own.origin || !/^\/secrets\/?$/.test(url.pathname))
      refuse('the list continues at a foreign address');
    return link;
  }

  function refuse(reason: string): never {
    throw new ServiceError('SELECTION_REFUSED', { vault: vault.name, prefix, reason });
  }
}

interface Page {
  readonly secrets: readonly { readonly name: string; readonly enabled: boolean }[];
  readonly next: string | null;
}

/** Parses a page of Key Vault's list; `null` if the body is not one. */
function parsePage(body: string): Page | null {
  const page = parseJson(body);
  const { value, nextLink } = (page ?? {}) as { readonly value?: unknown; readonly nextLink?: unknown };
  if (!Array.isArray(value)) return null;
  const secrets = value.flatMap((entry: unknown) => {
    const { id, attributes } = (entry ?? {}) as { readonly id?: unknown; readonly attributes?: unknown };
    const name = /\/secrets\/([0-9A-Za-z-]{1,127})$/.exec(String(id))?.[1];
    const { enabled } = (attributes ?? {}) as { readonly enabled?: unknown };
    return name === undefined ? [] : [{ name, enabled: enabled !== false }];
  });
  return { secrets, next: typeof nextLink === 'string' && nextLink !== '' ? nextLink : null };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
