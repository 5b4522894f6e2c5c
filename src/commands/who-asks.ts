import { userInfo } from 'node:os';
import type { Person } from '../provenance/person.ts';

/** The account of the machine, which proves nothing about who sits at it. */
export function whoAsks(): Person {
  return { kind: 'unnamed', door: 'command-line', name: userInfo().username };
}
