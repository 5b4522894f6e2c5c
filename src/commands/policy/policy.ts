import { hash } from 'node:crypto';
import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { inventoryAt } from '../../audit/collection/inventory-ledger.ts';
import { bindingCheck } from '../../composition/policy/check-bindings.ts';
import { readPolicyText, vaultsCalled, vaultsFor } from '../../composition/policy/open-policy.ts';
import { folderRecordStore } from '../../files/folder-record-store.ts';
import { targetRules } from '../../issuers/checked-targets.ts';
import { leadMs } from '../../rotation/decide/is-due.ts';
import { parsePolicy } from '../../secrets/parse-policy.ts';
import type { Policy } from '../../secrets/policy.ts';
import { type AgedSecret, policyConsequences } from '../../secrets/policy-consequences.ts';
import { policyJsonSchema } from '../../secrets/policy-json-schema.ts';
import { ServiceError } from '../../service-error.ts';
import type { ExitCode, Run, Runtime } from '../command.ts';
import type { policyRow } from './policy-row.ts';

/** A policy as it was read from a file: valid, or with its faults. */
interface CheckedPolicy {
  readonly file: string;
  readonly sha256: string;
  readonly policy: Policy | null;
  /** Each as `line:column path what is wrong`. */
  readonly faults: readonly string[];
}

/** Works on policy files alone. */
export const policy: Run<typeof policyRow> = async ({ values, positionals }, runtime) => {
  const [action, ...files] = positionals;
  const vaults = values.vault.length > 0 ? values.vault : vaultsIn(runtime.environment['KEYTURN_VAULTS']);
  if (action === 'schema') return schema(runtime);
  if (action === 'check') {
    if (files.length > 1) refuse('check takes one file');
    const [file = runtime.environment['KEYTURN_POLICY'] ?? 'keyturn.policy.yml'] = files;
    return check(await checkFile(file, vaults, runtime), values.json, runtime);
  }
  const [before, after, ...rest] = files;
  if (before === undefined || after === undefined || rest.length > 0) refuse('diff takes two files, the old one first');
  const [old, now] = [await checkFile(before, vaults, runtime), await checkFile(after, vaults, runtime)];
  if (old.policy === null || now.policy === null) {
    for (const { file, faults } of [old, now]) for (const fault of faults) runtime.say(`${file}:${fault}`);
    return 1;
  }
  const data = values.data ?? runtime.environment['KEYTURN_DATA'];
  const ages = data === undefined ? null : await agesIn(resolve(runtime.directory, data), runtime.now());
  return diff(old.policy, now.policy, ages, values.json, runtime);
};

function schema({ print }: Runtime): ExitCode {
  const { issuers } = targetRules();
  for (const line of JSON.stringify(policyJsonSchema([...issuers.keys()].sort()), null, 2).split('\n')) print(line);
  return 0;
}

function check(
  { file, sha256, policy: read, faults }: CheckedPolicy,
  json: boolean,
  { print, say }: Runtime,
): ExitCode {
  if (json) {
    const places = faults.map((fault) => {
      const [, line = '1', column = '1', says = fault] = /^(\d+):(\d+) (.*)$/s.exec(fault) ?? [];
      return { line: Number(line), column: Number(column), says };
    });
    print(JSON.stringify({ file, valid: read !== null, sha256, faults: places }));
  } else if (read === null) {
    for (const fault of faults) print(`${file}:${fault}`);
    say(`${String(faults.length)} ${faults.length === 1 ? 'mistake' : 'mistakes'}.`);
  } else {
    const { secrets, tracked, namespaces, identities } = read;
    print(
      `${file} is valid: ${String(secrets.size)} bound, ${String(tracked.size)} tracked, ${counted(namespaces.size, 'namespace', 'namespaces')}, ${counted(identities.size, 'identity', 'identities')}. sha256 ${sha256}`,
    );
  }
  return read === null ? 1 : 0;
}

function counted(count: number, one: string, many: string): string {
  return `${String(count)} ${count === 1 ? one : many}`;
}

function diff(
  old: Policy,
  now: Policy,
  ages: Parameters<typeof policyConsequences>[2],
  json: boolean,
  { print, say }: Runtime,
): ExitCode {
  const found = policyConsequences(old, now, ages);
  if (json) print(JSON.stringify({ widens: found.some(({ widens }) => widens), consequences: found }));
  else for (const { widens, says } of found) print(`${widens ? '! ' : '  '}${says}.`);
  if (!json && found.length === 0) print('Nothing would change.');
  const wider = found.filter(({ widens }) => widens).length;
  if (!json && wider > 0) say(`Lines with ! allow more or demand less than before: ${String(wider)}.`);
  return wider > 0 ? 1 : 0;
}

async function checkFile(file: string, vaults: readonly string[], { directory }: Runtime): Promise<CheckedPolicy> {
  const path = resolve(directory, file);
  await access(path).catch((cause: unknown) => {
    throw new ServiceError('FILE_MISSING', { path: file }, { cause });
  });
  const text = readPolicyText(path);
  const known = vaults.length === 0 ? vaultsFor(text, []) : vaultsCalled(vaults);
  const read = { file, sha256: hash('sha256', text), policy: null, faults: [] };
  try {
    return { ...read, policy: parsePolicy(text, file, known, bindingCheck()) };
  } catch (error) {
    if (!ServiceError.is(error, 'POLICY_MALFORMED')) throw error;
    return { ...read, faults: error.details.faults };
  }
}

/** Names of the vaults of `KEYTURN_VAULTS`: `URL` or `RESOURCE_ID=URL`, separated by commas. */
function vaultsIn(text: string | undefined): readonly string[] {
  return (text ?? '').split(',').flatMap((entry) => {
    const [id, url = id] = entry.trim().split('=');
    const named = /\/vaults\/([a-z0-9-]{1,24})$/i.exec(id ?? '')?.[1] ?? URL.parse(url ?? '')?.hostname.split('.')[0];
    return named === undefined || named === '' ? [] : [named.toLowerCase()];
  });
}

async function agesIn(folder: string, now: Date) {
  await access(folder).catch((cause: unknown) => {
    throw new ServiceError('FILE_MISSING', { path: folder }, { cause });
  });
  const inventory = await inventoryAt(await folderRecordStore(folder), now);
  if (inventory === null) return null;
  const secrets = inventory.entries.map(
    ({ vault, secret, created, expires }): AgedSecret => ({
      key: `${vault}/${secret}`.toLowerCase(),
      created: new Date(created),
      expires: expires === null ? null : new Date(expires),
    }),
  );
  const dueFrom = ({ created, expires }: AgedSecret, { validityMs }: { readonly validityMs: number }) => {
    const byAge = created.getTime() + validityMs;
    return new Date(Math.min(expires?.getTime() ?? byAge, byAge) - leadMs(validityMs));
  };
  return { secrets, dueFrom, now };
}

function refuse(reason: string): never {
  throw new ServiceError('USAGE_WRONG', { command: 'policy', reason });
}
