import { readNamedFile } from './named-file.ts';

/** No policy, file of controls or certificate that a person wrote is as long. */
const mostBytes = 16 << 20;

/**
 * The text of a file that the operator names. A pipe, a socket and a device are not opened, since they may never end.
 * `refuse` makes the error of what is wrong with the file, in words.
 */
export function readOperatorFile(file: string, refuse: (fault: string, cause?: unknown) => Error): string {
  let text: string | null;
  try {
    text = readNamedFile(file, mostBytes);
  } catch (cause) {
    throw refuse(`the file ${file} ${faultOf(cause)}`, cause);
  }
  if (text === null) throw refuse(`the file ${file} has more than 16 MB`);
  return text;
}

function faultOf(cause: unknown): string {
  switch (cause instanceof Error && 'code' in cause ? cause.code : null) {
    case 'ENOENT':
      return 'is missing';
    case 'NOT_A_FILE':
      return 'is not a regular file: a folder, a pipe and a device are not read';
    default:
      return 'cannot be read';
  }
}
