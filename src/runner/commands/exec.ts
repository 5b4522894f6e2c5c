import { ServiceError } from '../../service-error.ts';
import { childEnvironment, heldBack } from '../delivery/child-environment.ts';
import {
  deliverSecrets,
  type NamedValue,
  pipesFor,
  readySecrets,
  tooShort,
  valuesToHide,
} from '../delivery/deliver-secrets.ts';
import type { ExecOptions } from './exec-options.ts';
import { execUse, refuseUse } from './exec-use.ts';
import { exitCodeOf } from '../exit-codes.ts';
import type { FetchedSecret } from '../reading/fetch-secrets.ts';
import type { IdentityConfiguration } from '../configuration/fetch-configuration.ts';
import { type Guardian, startGuardian } from '../delivery/guardian.ts';
import { neutralizeWorkflowCommands } from '../redaction/neutralize-workflow-commands.ts';
import { sweepLeftovers } from '../delivery/sweep.ts';
import { watchJobFiles } from '../delivery/job-files.ts';
import { decideMasks, type MaskDecision } from '../redaction/mask-decision.ts';
import type { Manifest } from '../configuration/manifest.ts';
import { maskLines } from '../redaction/masks.ts';
import { memoryFiles } from '../delivery/memory-file.ts';
import { splitStreams } from '../redaction/split-streams.ts';
import { type HiddenSecret, hideSecret, searchFor } from '../redaction/hidden-secret.ts';
import { ordinaryTexts } from '../redaction/needles/ordinary-text.ts';
import { leastLength } from '../redaction/needles/secret-lines.ts';
import type { SecretSearch } from '../redaction/search/secret-search.ts';
import { startRedaction } from '../redaction/redaction.ts';
import { rejectDuplicateDestinations } from '../configuration/duplicate-destinations.ts';
import { type ParentWatch, watchParent } from '../delivery/parent-watch.ts';
import { runCommand } from '../delivery/run-command.ts';
import { runPins } from '../reading/run-pins.ts';
import type { SecretRequest } from '../configuration/secret-request.ts';
import { type Session, startSession } from '../session.ts';
import type { Runtime } from '../runtime.ts';
import { writeAllSync } from '../write-all-sync.ts';

/** One run of the command, and the versions it ran with. */
interface Round {
  readonly code: number;
  readonly versions: string;
}

/**
 * `exec`: reads secrets, emits receipts, writes masks, and runs a command with the secrets while redacting its output.
 * Resolves with the exit code.
 */
export async function exec(options: ExecOptions, runtime: Runtime): Promise<number> {
  const parent = watchParent();
  try {
    return await runWatched(options, runtime, parent);
  } finally {
    parent.stop();
  }
}

async function runWatched(options: ExecOptions, runtime: Runtime, parent: ParentWatch): Promise<number> {
  // Decided before the helper writes anything, because the decision depends on what the job's files hold.
  const masks = decideMasks(runtime.environment);
  const { requests: named, selections } = await loadRequests(options);
  const session = startSession(runtime, options.patienceMs);
  if (options.use) {
    if (selections.length > 0) refuseUse('each secret is named, and none selected by prefix');
    return await execUse(options, { runtime, session, requests: named, parent });
  }
  await session.prepare(named);
  // While the token is under way.
  sweepLeftovers(runtime);
  sayWhatIsHeldBack(options, runtime);
  const requests = [...named, ...(await session.select(selections))];
  if (selections.length > 0) rejectDuplicateDestinations(requests);
  const round = { session, requests, masks, hidden: new Map<string, HiddenSecret>(), parent };
  const first = await runOnce(options, runtime, { ...round, unless: null });
  if (first === null || parent.isGone() || !options.retryOn.includes(first.code)) return first?.code ?? 0;
  // The command may have used a value that was just rotated. The same version would fail again.
  const second = await runOnce(options, runtime, { ...round, unless: first.versions });
  return second?.code ?? first.code;
}

function sayWhatIsHeldBack(options: ExecOptions, { environment, say }: Runtime): void {
  const names = heldBack(environment, options);
  if (names.length > 0) say(`held back from the command: ${names.join(', ')}; --keep NAME passes one on`);
}

/** Merges the requests of the manifest and the command line. */
async function loadRequests({ manifest, requests }: ExecOptions): Promise<Manifest> {
  if (manifest === null && requests.length === 0) {
    throw new ServiceError('COMMAND_LINE_WRONG', {
      place: 'exec',
      reason: 'names no secret: use --secret or --manifest',
    });
  }
  rejectDuplicateDestinations(requests);
  if (manifest === null) return { requests, selections: [] };
  const written = await (await import('../configuration/manifest.ts')).readManifest(manifest);
  const all = [...written.requests, ...requests];
  rejectDuplicateDestinations(all);
  return { requests: all, selections: written.selections };
}

interface RoundOrder {
  readonly session: Session;
  readonly requests: readonly SecretRequest[];
  readonly masks: MaskDecision;
  /** Values of earlier rounds stay redacted. */
  readonly hidden: Map<string, HiddenSecret>;
  readonly parent: ParentWatch;
  readonly unless: string | null;
}

/**
 * Reads, delivers and runs. Returns `null` without running if the versions are those of `unless`, because nothing has
 * changed.
 */
async function runOnce(
  options: ExecOptions,
  runtime: Runtime,
  { session, requests, masks, hidden, parent, unless }: RoundOrder,
): Promise<Round | null> {
  const { environment, say } = runtime;
  const guarded = startGuardian(pipesFor(requests));
  let guardian: Guardian | null = null;
  const files = memoryFiles({
    allowDisk: options.allowDisk,
    nonce: runtime.nonce(4),
    // Registered before they contain a value, so that the guardian knows them whenever this helper is killed.
    announce: (place) => guardian?.watch(null, [place]),
    fallback: environment['RUNNER_TEMP'] ?? '/tmp',
  });
  // Immediately, because the command may take two seconds to end.
  const stopWatching = parent.onGone(() => files.remove());
  try {
    const fetched = options.pinRun
      ? await fetchPinned(session, runtime, requests, options.pinFile)
      : await session.fetch(requests);
    const versions = versionsOf(fetched);
    if (versions === unless) return null;
    const ready = readySecrets(fetched);
    for (const name of tooShort(ready)) {
      say(`${name} has fewer than ${String(leastLength)} characters and is neither masked nor redacted`);
    }
    await hide(valuesToHide(fetched, ready), hidden, say);
    const values = [...hidden.values()];
    writeMasks(options, masks, values, say);
    const search = searchFor(values);
    guardian = await guarded;
    const { variables, descriptors } = deliverSecrets(ready, guardian, files);
    const jobFiles = watchJobFiles(environment);
    const code = await runCommand({
      command: options.command,
      environment: childEnvironment(environment, variables, {
        ...options,
        credential: credentialVariable(session.configuration.identity),
      }),
      redactions: splitStreams([createRedaction(search, options), createRedaction(search, options)], {
        commands: options.noCommands,
      }),
      descriptors,
      guardian,
      started: (group) => files.noteGroup(group),
      parent,
      say,
    });
    const found = jobFiles.takeBack(search);
    if (found.length > 0) throw new ServiceError('SECRET_IN_JOB_FILE', { files: found });
    return { code, versions };
  } catch (error) {
    if (!ServiceError.is(error, 'SECRET_IN_JOB_FILE')) throw error;
    say(error.message);
    return { code: exitCodeOf(error), versions: '' };
  } finally {
    stopWatching();
    files.remove();
    dismiss(await guarded);
  }
}

function credentialVariable(identity: IdentityConfiguration): string | null {
  return identity.kind === 'service-principal' ? identity.secretVariable : null;
}

function createRedaction(search: SecretSearch, { noCommands }: ExecOptions) {
  const redaction = startRedaction(search);
  return noCommands ? neutralizeWorkflowCommands(redaction) : redaction;
}

function dismiss(guardian: Guardian): void {
  guardian.dismiss();
}

/** Adds new values to the redaction, and warns once for each secret that would redact ordinary text. */
async function hide(
  values: readonly NamedValue[],
  hidden: Map<string, HiddenSecret>,
  say: (line: string) => void,
): Promise<void> {
  const told = new Set<string>();
  for (const { name, value } of values) {
    if (hidden.has(value)) continue;
    const secret = await hideSecret(name, value);
    hidden.set(value, secret);
    const ordinary = ordinaryTexts(secret);
    if (ordinary.length === 0 || told.has(name)) continue;
    told.add(name);
    const what = ordinary.includes(value.trim()) ? 'this value occurs' : 'parts of this value occur';
    say(
      `${name}: ${what} in ordinary text and will be redacted there; ` +
        'set a longer random value, or request only the secret part with a pointer',
    );
  }
}

function writeMasks(
  options: ExecOptions,
  decision: MaskDecision,
  secrets: readonly HiddenSecret[],
  say: (line: string) => void,
): void {
  if (options.noMasks) return;
  if (!decision.masks) {
    if (decision.reason !== null) say(`no masks were written: ${decision.reason}`);
    return;
  }
  // In one write, so that nothing comes in between; the line feed ends a line that another process may have left
  // unfinished.
  const lines = maskLines(secrets);
  if (lines.length > 0) writeAllSync(2, `\n${lines.join('\n')}\n`);
}

function versionsOf(fetched: readonly FetchedSecret[]): string {
  return fetched.map(({ secret }) => secret?.version ?? '').join(' ');
}

/**
 * Fetches the versions that this run read first. If one has been disabled since, replaces it once by the newest, with a
 * message; both reads produce a receipt.
 */
async function fetchPinned(
  session: Session,
  { environment, say }: Runtime,
  requests: readonly SecretRequest[],
  file: string | null,
): Promise<readonly FetchedSecret[]> {
  if (session.job === null) {
    say('no version is pinned outside a job');
    return await session.fetch(requests);
  }
  const pins = runPins(environment, session.job, file);
  const vaultOf = (request: SecretRequest) => request.vault ?? session.configuration.vaults[0]?.name ?? '';
  const pinned = requests.map((request) => ({
    ...request,
    version: request.version ?? pins.versionOf(vaultOf(request), request.name),
  }));
  const fetched = await fetchOrNewest();
  for (const { request, secret } of fetched) {
    if (secret !== null) pins.keep(vaultOf(request), request.name, secret.version);
  }
  return fetched;

  async function fetchOrNewest(): Promise<readonly FetchedSecret[]> {
    try {
      return await session.fetch(pinned);
    } catch (error) {
      const newest = pinned.some(({ version }, index) => version !== requests[index]?.version);
      if (!newest || !ServiceError.is(error, 'SECRET_DISABLED')) throw error;
      say('a version that this run had pinned is now disabled; this run uses the newest from now on');
      return await session.fetch(requests);
    }
  }
}
