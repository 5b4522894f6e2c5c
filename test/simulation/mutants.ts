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
    says: 'believing a lease that a wrong clock wrote',
    file: 'lease.ts',
    from: 'return leftMs > 0 && leftMs <= leaseMs + clockToleranceMs;',
    to: 'return leftMs > 0;',
    seed: 1,
  },
  {
    says: 'minting again without looking for what an earlier worker minted',
    file: 'issue-credential.ts',
    from: "if (issuer.credentialClass === 'minted' && !(await clearTheWay(work))) return;",
    to: '',
    seed: 19,
  },
  {
    says: 'using a staged value whose seal is wrong',
    file: 'staging.ts',
    from: 'return given.length === expected.length && timingSafeEqual(given, expected) ? { credentialId, value } : null;',
    to: 'return { credentialId, value };',
    seed: 18,
  },
  {
    says: 'publishing what was never verified',
    file: 'verify-credential.ts',
    from: 'const shown = await issuer.verify(',
    to: "const shown = true ? ({ outcome: 'works', principal: '', notes: [] } as const) : await issuer.verify(",
    seed: 298,
  },
  {
    says: 'revoking while the grace lasts',
    file: 'claim-rotation.ts',
    from: 'graceMs: wish.emergency ? 0 : Math.max(',
    to: 'graceMs: 0 * Math.max(',
    seed: 2,
  },
  {
    says: 'revoking while a job that read the old value runs',
    file: 'revocation-evidence.ts',
    from: 'for (const job of readers.running) reasons.push(`job ${job} runs`);',
    to: '',
    seed: 9,
  },
  {
    says: 'issuing anew when the journal has lost that this rotation is published',
    file: 'check-standing.ts',
    from: "if (isOurs(work, latest)) {\n      await recover(work, keyOf(member), latest.version, latest.tags['CredentialId']);\n      recovered = true;\n      continue;\n    }",
    to: 'if (isOurs(work, latest)) continue;',
    seed: 577,
  },
  {
    says: 'giving a second value the id of the first',
    file: 'publish-credential.ts',
    from: "if (rotation.pending?.act === 'publish') await nextAttempt(work, null, 'answer-lost');",
    to: '',
    seed: 169,
  },
  {
    says: 'leaving orphaned credentials at the provider',
    file: 'find-leftovers.ts',
    from: "found.push({ kind: 'orphan', vault, secret: name, id: credentialId, attemptId });",
    to: '',
    seed: 1046,
  },
  {
    says: 'revoking without looking once more whether somebody set the old value again',
    file: 'revoke-old-credential.ts',
    from: '    if ((await newestPublication(work)) === null) return null;\n    work.requireTime();\n',
    to: '',
    seed: 1687,
  },
  {
    says: 'going on while a request that was given up may still arrive',
    file: 'late-request.ts',
    from: 'return Math.max(0, ...left);',
    to: 'return 0;',
    seed: 1559,
  },
  {
    says: 'ending what was rolled back without asking who uses it',
    file: 'end-rolled-back.ts',
    from: "  if (!(await mayEnd(work, standing))) return 'waits';\n",
    to: '',
    seed: 1343,
  },
  {
    says: 'ending what was rolled back though somebody has published it again',
    file: 'end-rolled-back.ts',
    from: '  if (kept !== null) return kept;\n',
    to: '',
    seed: 1610,
  },
  {
    says: 'forgetting a roll-back whose worker died',
    file: 'advance-rotation.ts',
    from: "  if (pending?.act === 'roll-back') await finishRollBack(work);\n  else if",
    to: '  if',
    seed: 328,
  },
  {
    says: 'leaving a further place with the value that was rolled back',
    file: 'roll-back-rotation.ts',
    from: '  await restoreElsewhere(work, reasons);\n  await rolledBack(work, reasons);',
    to: '  await rolledBack(work, reasons);',
    seed: 1072,
  },
];
