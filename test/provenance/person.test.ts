import { describe, expect, it } from 'vitest';
import { areTwoPersons, describePerson, parsePerson, type Person } from '../../src/provenance/person.ts';

const issuer = 'https://gitea.example.org';
const ann: Person = { kind: 'signed-in', subject: { issuer, id: '7' }, name: 'ann' };
const root: Person = { kind: 'unnamed', door: 'command-line', name: 'root' };
const bot: Person = { kind: 'machine', subject: { issuer, id: '9' }, name: 'deployer' };

describe('two persons', () => {
  it('are two subjects, whatever their names', () => {
    expect(areTwoPersons(ann, { ...ann, subject: { issuer, id: '8' } })).toBe(true);
    expect(areTwoPersons(ann, { ...ann, subject: { issuer: 'https://other.example.org', id: '7' } })).toBe(true);
  });

  it('are one subject under two names', () => {
    expect(areTwoPersons(ann, { ...ann, name: 'ann-renamed' })).toBe(false);
  });

  it.each<[string, Person]>([
    ['somebody at the command line', root],
    ['the holder of a sign-in link', { ...root, door: 'sign-in-link' }],
    ['this machine', { ...root, door: 'loopback' }],
    ['a machine account', bot],
  ])('cannot be proven if one is %s', (_, unnamed) => {
    expect([areTwoPersons(ann, unnamed), areTwoPersons(unnamed, ann), areTwoPersons(unnamed, root)]).toEqual([
      false,
      false,
      false,
    ]);
  });
});

describe('a person on record', () => {
  it.each([ann, root, bot])('is read back as it was written: %j', (person) => {
    expect(parsePerson(JSON.parse(JSON.stringify(person)))).toEqual(person);
  });

  it.each([
    null,
    'ann',
    [ann],
    { ...ann, name: ' ' },
    { ...ann, kind: 'somebody' },
    { ...ann, subject: { issuer } },
    { ...ann, subject: { issuer, id: '' } },
    { ...ann, door: 'loopback' },
    { ...root, door: 'window' },
    { ...root, subject: { issuer, id: '7' } },
  ])('is refused when it is not exactly one: %j', (value) => {
    expect(parsePerson(value)).toBeNull();
  });

  it('is described with what proves the identity', () => {
    expect([ann, root, bot].map(describePerson)).toEqual([
      'ann',
      'root (command line, unnamed)',
      'deployer (machine account)',
    ]);
  });
});
