/** A guard of the machine, and the line without it: the simulation must notice. `from` stands exactly once in the file. */
export interface Mutant {
  readonly says: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** Where to begin, so that it is met within few histories; when the machine changes, further ones follow. */
  readonly seed: number;
}

/** Guards picked by hand. A guard that another one doubles (our clock, the log's watermark) is not among them. */
export const mutants: readonly Mutant[] = [
  {
    says: 'minting again without looking for what an earlier worker minted',
    file: 'decide/attempt-rule.ts',
    from: "(leftover(given) ?? step(given, 'issue'))",
    to: "step(given, 'issue')",
    seed: 19,
  },
  {
    says: 'using a staged value whose seal is wrong',
    file: 'observe/staging.ts',
    from: 'return given.length === expected.length && timingSafeEqual(given, expected) ? { credentialId, value } : null;',
    to: 'return { credentialId, value };',
    seed: 1500,
  },
  {
    says: 'publishing what was never verified',
    file: 'act/issue.ts',
    from: 'shown: await run.target.issuer.verify(request, pending)',
    to: "shown: { outcome: 'works', principal: '', notes: [] }",
    seed: 353,
  },
  {
    says: 'ending while the grace lasts',
    file: 'decide/patience.ts',
    from: 'return away.claim;',
    to: 'return { ...away.claim, graceMs: 0, consumersLifetimeMs: 0 };',
    seed: 1,
  },
  {
    says: 'ending while a job that read the value runs',
    file: 'observe/reasons-to-wait.ts',
    from: "for (const job of found.running) reasons.push({ code: 'job', subject: member, who: job });",
    to: '',
    seed: 4,
  },
  {
    says: 'giving a second value the id of the first',
    file: 'decide/attempt-rule.ts',
    from: "return isLost ? lose(given, 'answer-lost') : (approved(given) ?? publish(given));",
    to: 'return approved(given) ?? publish(given);',
    seed: 2288,
  },
  {
    says: 'ending or setting without a last look at what the vault serves',
    file: 'act/issue.ts',
    from: "    throw new ServiceError('NEWEST_VERSION_CHANGED', { vault, secret, version: latest.version });\n",
    to: '',
    seed: 92,
  },
  {
    says: 'setting while a request that was given up may still arrive',
    file: 'decide/guards.ts',
    from: 'return arrivalOf(late, about, null);',
    to: 'return null;',
    seed: 2654,
  },
  {
    says: 'ending what a publication under way may still serve',
    file: 'decide/ending-rule.ts',
    from: '  if (late.length === 0) return null;\n',
    to: '  return null;\n',
    seed: 527,
  },
  {
    says: 'publishing over what another publisher set meanwhile',
    file: 'decide/attempt-rule.ts',
    from: "return by === undefined ? null : close(open, 'superseded');",
    to: 'return null;',
    seed: 58,
  },
  {
    says: 'forgetting from its intent on what is being published',
    file: 'journal/follow-entry.ts',
    from: "if (act === 'publish' && credential !== null) {",
    to: "if (act === 'publish' && credential === '') {",
    seed: 1,
  },
  {
    says: 'asking what was in force before whether the new value works',
    file: 'observe/look.ts',
    from: 'const open = openAttempt(state);',
    to: 'const open = state.rotations.at(-1);',
    seed: 200483,
  },
  {
    says: 'taking a value that somebody set again for another one',
    file: 'act/identify.ts',
    from: ' ?? found.find((one) => one.version === version)?.credential',
    to: '',
    seed: 102388,
  },
  {
    says: 'leaving a roll-back undone where somebody set the same value before',
    file: 'journal/entry-effects.ts',
    from: 'theirs: new Set([...state.theirs].filter((key) => !newest.has(key))),',
    to: '',
    seed: 104611,
  },
  {
    says: 'leaving staged values of an attempt that the journal has lost',
    file: 'decide/ending-rule.ts',
    from: 'if (!lost && !mayBeCut) return null;',
    to: 'if (!lost) return null;',
    seed: 112534,
  },
  {
    says: 'not repairing a value in force that the provider no longer takes',
    file: 'decide/force-rules.ts',
    from: "return { act: { act: 'repair', credential: desired } };",
    to: 'return null;',
    seed: 181,
  },
  {
    says: 'believing that a further place holds what it was never given',
    file: 'decide/force-rules.ts',
    from: 'if (state.places.get(placeKey(member, place)) === credential) continue;',
    to: 'if (state.places.has(placeKey(member, place))) continue;',
    seed: 353,
  },
];
