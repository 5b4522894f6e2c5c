import { propertiesOf, toDeletedSecret, toSecretItem } from './secret-bundle.ts';
import type { EmbeddedSecretStore } from './in-memory-secret-store.ts';
import { badParameter, type VaultAnswer } from './vault-answer.ts';
import type { VaultOperation } from './vault-operation.ts';

/** The parameters of a list request, as text. */
export interface ListQuery {
  readonly maxResults: string | null;
  readonly skipToken: string | null;
}

interface ListContext {
  readonly secretStore: EmbeddedSecretStore;
  readonly vaultUrl: string;
  readonly apiVersion: string;
  readonly list: ListQuery;
}

const mostResults = 25;

/** A page of secrets, deleted secrets or versions. `nextLink` is `null` on the last page. */
export function listSecrets(operation: VaultOperation, context: ListContext): VaultAnswer {
  const asked = context.list.maxResults === null ? mostResults : Number(context.list.maxResults);
  if (!Number.isInteger(asked) || asked < 1 || asked > mostResults) {
    return badParameter(`Property maxresults has invalid value: it must be between 1 and ${mostResults}`);
  }
  const rows = rowsOf(operation, context);
  const after = context.list.skipToken === null ? null : Buffer.from(context.list.skipToken, 'base64url').toString();
  const left = after === null ? rows : rows.filter(({ key }) => key > after);
  const page = left.slice(0, asked);
  const last = page.at(-1);
  return {
    status: 200,
    body: {
      value: page.map(({ item }) => item),
      nextLink: last && left.length > page.length ? linkAfter(last.key, operation, context, asked) : null,
    },
  };
}

function rowsOf(
  operation: VaultOperation,
  context: ListContext,
): readonly { readonly key: string; readonly item: object }[] {
  const { secretStore } = context;
  if (operation.secret !== null) {
    // Sorted by version id, which is random: Azure guarantees no order, and this one occurs in the recordings.
    return secretStore
      .versions(operation.secret)
      .toSorted((one, other) => (one.version < other.version ? -1 : 1))
      .map((version) => ({ key: version.version, item: propertiesOf(context, version) }));
  }
  if (operation.deleted) {
    return secretStore.deletedNames().flatMap((name) => {
      const found = secretStore.deleted(name);
      return found ? [{ key: name, item: toDeletedSecret(context, found.newest, found.at, true) }] : [];
    });
  }
  return secretStore.names().flatMap((name) => {
    const newest = secretStore.versions(name).at(-1);
    return newest ? [{ key: name, item: toSecretItem(context, newest) }] : [];
  });
}

function linkAfter(
  key: string,
  operation: VaultOperation,
  { vaultUrl, apiVersion }: ListContext,
  asked: number,
): string {
  const path = operation.deleted ? 'deletedsecrets' : livePath(operation.secret);
  const token = Buffer.from(key).toString('base64url');
  return `${vaultUrl}/${path}?api-version=${apiVersion}&$skiptoken=${token}&maxresults=${asked}`;
}

function livePath(secret: string | null): string {
  return secret === null ? 'secrets' : `secrets/${secret}/versions`;
}
