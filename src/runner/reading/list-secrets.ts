import type { ReceiptRequest } from '../../provenance/receipt.ts';
import { ServiceError } from '../../service-error.ts';
import { exchangeFailure, type HttpAnswer, type HttpExchange } from '../http-exchange.ts';
import type { AccessToken } from '../identity/access-token.ts';
import { vaultRefusal } from './vault-refusal.ts';

export interface ListingPorts {
  readonly exchange: HttpExchange;
  readonly token: AccessToken;
  readonly userAgent: string;
  readonly authority?: string | undefined;
  readonly clientRequestId: string;
  readonly now: () => Date;
  /** Filled with every answer of the vault, in order, whatever comes of it: the listing's receipts name them. */
  readonly answers: ReceiptRequest[];
}

/** A secret in a list: its name and whether its newest version is enabled. */
export interface ListedSecret {
  readonly name: string;
  readonly enabled: boolean;
}

/** Azure returns 25 names per page, and a vault has no limit; with more secrets than this, request them by name. */
const mostPages = 400;
const timeoutMs = 10_000;

/**
 * Lists the secrets of a vault whose names start with `prefix`, in lower case; at most `most`. A list has names and no
 * values.
 * @throws ServiceError VAULT_ACCESS_DENIED and similar if the vault refuses to list; SELECTION_REFUSED
 */
export async function listSecrets(
  ports: ListingPorts,
  vault: { readonly name: string; readonly url: string },
  prefix: string,
  most: number,
): Promise<readonly ListedSecret[]> {
  const found: ListedSecret[] = [];
  let page: string | null = `${vault.url}/secrets?api-version=7.4&maxresults=25`;
  for (let pages = 1; page !== null; pages += 1) {
    if (pages > mostPages) refuse('the vault holds more than 10,000 secrets');
    const answer: Page = parsePage((await ask(page)).body) ?? refuse('the vault returned no list of secrets');
    found.push(...answer.secrets.filter(({ name }) => name.toLowerCase().startsWith(prefix)));
    if (found.length > most) refuse(`more than ${String(most)} secrets start with the prefix`);
    page = answer.next === null ? null : onSameVault(answer.next);
  }
  return found;

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
  readonly secrets: readonly ListedSecret[];
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
