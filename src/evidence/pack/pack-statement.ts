import { z } from 'zod';

/** The predicate type of a pack's statement. It is a name, not an address: nobody needs to fetch it. */
export const packPredicateType = 'urn:keyturn:evidence-pack:1';

const digest = z.string().regex(/^[0-9a-f]{64}$/);

const manifestFileShape = z.strictObject({
  path: z.string(),
  mediaType: z.string(),
  bytes: z.number().int(),
  sha256: digest,
});

/** `manifest.json`: every file except itself, `SHA256SUMS` and the seal. */
export const manifestShape = z.strictObject({
  format: z.literal(1),
  pack: z.string(),
  synthetic: z.boolean(),
  status: z.enum(['final', 'provisional']),
  files: z.array(manifestFileShape),
});
export type Manifest = z.infer<typeof manifestShape>;

/** `data-manifest.json`: only the data files, with digests of their rows. */
export const dataManifestShape = z.strictObject({
  format: z.literal(1),
  pack: z.string(),
  organisation: z.string(),
  period: z.strictObject({ from: z.string(), to: z.string() }),
  frameworks: z.array(z.enum(['soc2', 'iso27001'])),
  createdAt: z.string(),
  synthetic: z.boolean(),
  status: z.enum(['final', 'provisional']),
  files: z.array(
    manifestFileShape.extend({
      description: z.string(),
      rows: z.number().int().nullable(),
      rowsPerDigest: z.number().int().positive(),
      rowDigests: z.array(z.string().regex(/^[0-9a-f]{16}$/)),
    }),
  ),
});
export type DataManifest = z.infer<typeof dataManifestShape>;

/** What the seal states: an in-toto statement over every file's digest. */
export const statementShape = z.strictObject({
  _type: z.literal('https://in-toto.io/Statement/v1'),
  subject: z.array(z.strictObject({ name: z.string(), digest: z.strictObject({ sha256: digest }) })),
  predicateType: z.literal(packPredicateType),
  predicate: z.strictObject({
    format: z.literal(1),
    pack: z.string(),
    organisation: z.string(),
    period: z.strictObject({ from: z.string(), to: z.string() }),
    frameworks: z.array(z.enum(['soc2', 'iso27001'])),
    status: z.enum(['final', 'provisional']),
    statusReasons: z.array(z.string()),
    synthetic: z.boolean(),
    createdAt: z.string(),
    software: z.string(),
    dataManifestSha256: digest,
    reads: z.strictObject({ total: z.number().int(), grades: z.record(z.string(), z.number().int()) }),
    findings: z.number().int(),
    /** The statement of the previous pack in the archive; `null` for the first. */
    previous: z.strictObject({ pack: z.string(), statementSha256: digest }).nullable(),
    /** The statement of the pack of the same period that this one amends; absent for the first pack of a period. */
    amends: z.strictObject({ pack: z.string(), statementSha256: digest }).exactOptional(),
  }),
});
export type PackStatement = z.infer<typeof statementShape>;

/** Files with fixed names that every pack has, in addition to those that its manifests list. */
export const sealFile = 'pack.dsse.json';
export const manifestFile = 'manifest.json';
export const dataManifestFile = 'data-manifest.json';
export const publicKeyFile = 'public-key.pem';
/** Every other file but the seal, in the form that `sha256sum -c` reads. */
export const sumsFile = 'SHA256SUMS';
