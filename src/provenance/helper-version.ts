/** The first release of the helper. Every release from it on writes a receipt of each read to the job's log. */
const first = [0, 1, 0] as const;

const pattern = /^(\d{1,4})\.(\d{1,4})\.(\d{1,4})(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/;

/**
 * Whether the helper of this version writes a receipt to the job's log for each read, before the job's command starts.
 * `version` is the text in a stamp, which any job can choose: text that is not the version of a release returns false.
 */
export function leavesReceipts(version: string): boolean {
  const parts = pattern.exec(version)?.slice(1, 4).map(Number);
  if (parts === undefined) return false;
  for (const [index, least] of first.entries()) {
    const part = parts[index] ?? 0;
    if (part !== least) return part > least;
  }
  return true;
}
