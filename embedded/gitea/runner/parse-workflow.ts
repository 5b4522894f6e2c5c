/** A workflow of one job with one step, the only form that the embedded runner runs by itself. */
export interface PushedWorkflow {
  readonly key: string;
  readonly label: string;
  readonly script: string;
}

/**
 * Parses a workflow file with `on: push`, one job, `runs-on` and one `- run: |`. Returns `null` for any other file, which
 * causes no run here.
 */
export function parseWorkflow(text: string): PushedWorkflow | null {
  const key = /^jobs:\n {2}([\w-]+):$/m.exec(text)?.[1];
  const label = /^ {4}runs-on: ([\w-]+)$/m.exec(text)?.[1];
  const script = /^ {6}- run: \|\n((?: {10}.*\n?)+)/m.exec(text)?.[1];
  if (!/^on: push$/m.test(text) || key === undefined || label === undefined || script === undefined) return null;
  return { key, label, script: script.replaceAll(/^ {10}/gm, '').trimEnd() };
}
