import type { Person } from '../../src/provenance/person.ts';

/** A person who signed in, with a subject of their own. */
export function personCalled(name: string): Person {
  return { kind: 'signed-in', subject: { issuer: 'https://login.example.org', id: `subject-of-${name}` }, name };
}
