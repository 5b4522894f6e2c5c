import { openSync } from 'node:fs';
import type { Placeholder } from '../../provenance/use-exchange.ts';
import { ServiceError } from '../../service-error.ts';
import { type BrokerPorts, callOf, openSession } from '../broker/broker-reads.ts';
import type { SecretRequest } from '../configuration/secret-request.ts';
import { vaultAddress } from '../configuration/vault-address.ts';
import { startGuardian } from '../delivery/guardian.ts';
import { memoryFiles } from '../delivery/memory-file.ts';
import type { ParentWatch } from '../delivery/parent-watch.ts';
import { runCommand } from '../delivery/run-command.ts';
import { searchFor } from '../redaction/hidden-secret.ts';
import { neutralizeWorkflowCommands } from '../redaction/neutralize-workflow-commands.ts';
import { startRedaction } from '../redaction/redaction.ts';
import { splitStreams } from '../redaction/split-streams.ts';
import { askForPlaceholders, useThroughBroker } from './broker-uses.ts';
import { type CommandDoor, openHere, openInJail } from './command-door.ts';
import { type CommandFiles, noteCommandFiles } from './command-files.ts';
import { inheritedDescriptors, isInputSocket } from './inherited-descriptors.ts';
import { findJail, type JailFound } from './jail-grade.ts';
import { jailFailure } from './jail-script.ts';
import { createJobAuthority } from './job-authority.ts';
import { placedPlaceholders } from './placed-placeholders.ts';
import { useEnvironment } from './use-environment.ts';
import { startUseProxy, type UseProxy } from './use-proxy.ts';

/** A command that is to use secrets and to hold none of them. */
export interface UseOrder {
  readonly ports: BrokerPorts;
  readonly requests: readonly SecretRequest[];
  readonly command: readonly string[];
  readonly pristine: boolean;
  readonly keep: readonly string[];
  readonly parent: ParentWatch;
}

/**
 * `exec --use`: runs a command with placeholders where it expects values. Its programs reach one proxy, which asks the
 * broker to make each request; the broker puts the value in. Resolves with the exit code of the command.
 * @throws ServiceError `USE_NOT_JAILED` before anything is asked for, and what the broker refuses
 */
export async function execWithoutHolding(order: UseOrder): Promise<number> {
  const { ports, requests } = order;
  const { configuration, runtime } = ports;
  const [user, group] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  const jail = await findJail(user, group);
  requireJail(jail, ports.broker.jail);
  const call = callOf(ports);
  const session = await openSession(ports);
  const names = requests.map(({ vault, name }) => `${vaultAddress(configuration, vault).name}/${name}`.toLowerCase());
  const secrets = [...new Set(names)];
  const given = await askForPlaceholders(call, session, { secrets, jail: jail.grade });
  sayWhatIsGiven(given, jail, runtime.say);
  const authority = createJobAuthority(runtime.now());
  const hosts = new Set(given.flatMap((one) => one.hosts.map((host) => host.toLowerCase())));
  const ask = useThroughBroker(call, session);
  const proxy = startUseProxy({ authority, hosts, ask, say: sayEachOnce(runtime.say) });
  const commandFiles = noteCommandFiles(runtime.environment);
  try {
    const values = names.map((name) => given[secrets.indexOf(name)]?.placeholder ?? '');
    const { certificate } = authority;
    return await runWithPlaceholders(order, { jail, user, group, proxy, values, commandFiles, authority: certificate });
  } finally {
    proxy.close();
    const changed = commandFiles.takeBack();
    if (changed.length > 0) runtime.say(`taken back, because later steps are not jailed: ${changed.join(', ')}`);
  }
}

/** @throws ServiceError `USE_NOT_JAILED` */
function requireJail({ grade, reason }: JailFound, required: 'required' | 'cooperative'): void {
  if (grade === 'cooperative' && required === 'required') throw new ServiceError('USE_NOT_JAILED', { reason });
}

/** For the reader of the log, and for a program that reads it. */
function sayWhatIsGiven(
  given: readonly Placeholder[],
  { grade, reason }: JailFound,
  say: (line: string) => void,
): void {
  for (const { secret, hosts } of given) say(`${secret} can be used, and not read, at ${hosts.join(', ')}`);
  if (grade === 'namespaces') return say('the command runs in a jail: its only way out is the broker');
  const instead =
    grade === 'container' ? 'by a container without a network' : 'by nothing but variables, which it may ignore';
  say(`the command is not jailed by this helper (${reason}); it is kept to the broker ${instead}`);
}

const mostLines = 20;

/** A command may try as often as it likes; the log is for people. */
function sayEachOnce(say: (line: string) => void): (line: string) => void {
  const told = new Set<string>();
  return (line) => {
    if (told.has(line) || told.size >= mostLines) return;
    told.add(line);
    say(line);
  };
}

interface Prepared {
  readonly jail: JailFound;
  readonly user: number;
  readonly group: number;
  readonly proxy: UseProxy;
  /** For each request, what the command gets. */
  readonly values: readonly string[];
  readonly commandFiles: CommandFiles;
  /** PEM. */
  readonly authority: string;
}

async function runWithPlaceholders(order: UseOrder, prepared: Prepared): Promise<number> {
  const { ports, requests, command, pristine, keep, parent } = order;
  const { environment, nonce, say } = ports.runtime;
  const guardian = await startGuardian(2);
  const announce = (place: string) => guardian.watch(null, [place]);
  const temporary = environment['RUNNER_TEMP'] ?? '/tmp';
  const files = memoryFiles({ allowDisk: false, nonce: nonce(4), announce, fallback: temporary });
  const places = placedPlaceholders(temporary, announce);
  let door: CommandDoor | null = null;
  try {
    places.put(requests, prepared.values);
    const { unshare } = prepared.jail;
    const opening = { ...prepared, command, keys: ports.broker.keys };
    door = unshare === null ? await openHere(opening, files) : openInJail(opening, unshare);
    const { commandFiles } = prepared;
    const code = await runCommand({
      ...door.run,
      environment: useEnvironment({ environment, placed: places.variables, door, commandFiles, pristine, keep }),
      redactions: splitStreams([plainOutput(), plainOutput()], { commands: true }),
      descriptors: new Map(inheritedDescriptors().map((number) => [number, openSync('/dev/null', 'r')])),
      withoutInput: isInputSocket(),
      guardian,
      started: (leader) => files.noteGroup(leader),
      parent,
      say,
    });
    if (door.isOpen() || code !== jailFailure) return code;
    throw new ServiceError('USE_NOT_JAILED', { reason: 'the line before says why' });
  } finally {
    door?.close();
    places.remove();
    files.remove();
    guardian.dismiss();
  }
}

/** No value is there to redact. What a runner would obey, and what imitates a receipt, is harmless all the same. */
function plainOutput() {
  return neutralizeWorkflowCommands(startRedaction(searchFor([])));
}
