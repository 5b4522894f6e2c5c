import { type CommandRow, type Program, type RawWords, typedWords } from '../command-line/command-row.ts';
import { completionRow, completionScript, isShell } from '../command-line/completion-script.ts';
import { version } from '../composition/version.ts';
import { accessRow } from './access-rows.ts';
import type { ExitCode, Run, Runtime } from './command.ts';
import { attributeRow, diffRow, findingsRow, reportRow, sampleRow, verifyRow } from './evidence-rows.ts';
import { cloudRow, serveRow, startRow } from './host-rows.ts';
import { mcpRow } from './mcp/mcp-row.ts';
import { policyRow } from './policy/policy-row.ts';
import { holdRow, retentionRow } from './retention/retention-rows.ts';
import { approveRow, declineRow, listRow, showRow, statusRow } from './secrets/secret-rows.ts';
import { schemaRow } from './schema/schema-row.ts';
import { tokenRow } from './tokens/token-row.ts';
import { adoptRow, doctorRow, explainRow, reconcileRow, retireRow, rotateRow } from './rotation-rows.ts';

/** One command, as the command line calls it. */
export interface Command {
  readonly row: CommandRow;
  run(words: RawWords, runtime: Runtime): Promise<ExitCode>;
}

/** Every command, in the order of the help. Each is loaded when it is called: `verify` needs nothing of a network. */
export const commands: readonly Command[] = [
  command(startRow, async () => (await import('./embedded-cloud/start.ts')).start),
  command(cloudRow, async () => (await import('./embedded-cloud/cloud.ts')).cloud),
  command(serveRow, async () => (await import('./serve.ts')).serve),
  command(adoptRow, async () => (await import('./policy/adopt.ts')).adopt),
  command(policyRow, async () => (await import('./policy/policy.ts')).policy),
  command(listRow, async () => (await import('./secrets/list.ts')).list),
  command(showRow, async () => (await import('./secrets/show.ts')).show),
  command(statusRow, async () => (await import('./secrets/status.ts')).status),
  command(approveRow, async () => (await import('./secrets/approve.ts')).approve),
  command(declineRow, async () => (await import('./secrets/decline.ts')).decline),
  command(rotateRow, async () => (await import('./rotate.ts')).rotate),
  command(retireRow, async () => (await import('./retire.ts')).retire),
  command(reconcileRow, async () => (await import('./reconcile.ts')).reconcile),
  command(attributeRow, async () => (await import('./attribute.ts')).attribute),
  command(reportRow, async () => (await import('./report.ts')).report),
  command(findingsRow, async () => (await import('./findings.ts')).findings),
  command(verifyRow, async () => (await import('./packs/verify.ts')).verify),
  command(diffRow, async () => (await import('./packs/diff.ts')).diff),
  command(sampleRow, async () => (await import('./packs/sample.ts')).sample),
  command(explainRow, async () => (await import('./explain.ts')).explain),
  command(accessRow, async () => (await import('./access.ts')).access),
  command(mcpRow, async () => (await import('./mcp/mcp.ts')).mcp),
  command(tokenRow, async () => (await import('./tokens/token.ts')).token),
  command(schemaRow, async () => (await import('./schema/schema.ts')).schema),
  command(retentionRow, async () => (await import('./retention/retention.ts')).retention),
  command(holdRow, async () => (await import('./retention/hold.ts')).hold),
  command(doctorRow, async () => (await import('./doctor.ts')).doctor),
  command(completionRow('keyturn'), () => Promise.resolve(completion)),
];

/** The service's command line. */
export const program: Program = {
  name: 'keyturn',
  version,
  about: 'Rotates the secrets that Gitea pipelines take from Azure Key Vault, and proves who read what.',
  footer: `keyturn COMMAND --help shows how to call a command, with an example.
Exit codes: 0 done; 1 the answer is no, or something was found; 2 wrong use; 3 could not reach or read.`,
  rows: commands.map(({ row }) => row),
  quotesWords: true,
};

function command<Row extends CommandRow>(row: Row, load: () => Promise<Run<Row>>): Command {
  return { row, run: async (words, runtime) => await (await load())(typedWords(row, words), runtime) };
}

function completion(
  { positionals }: { readonly positionals: readonly string[] },
  { print }: Runtime,
): Promise<ExitCode> {
  const [shell] = positionals;
  if (isShell(shell)) for (const line of completionScript(program, shell).split('\n')) print(line);
  return Promise.resolve(0);
}
