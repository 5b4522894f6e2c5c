import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';

/** A package of which a bundle holds code. */
interface BundledPackage {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  /** Its own licence file; `null` if it carries none. */
  readonly text: string | null;
}

/**
 * Returns the licences of every package whose code these bundles hold, as one text sorted by name: their terms ask for it
 * with every copy. @throws Error if a package names no licence.
 */
export function thirdPartyLicences(bundles: readonly Metafile[]): string {
  const folders = new Set(bundles.flatMap((bundle) => Object.keys(bundle.inputs).flatMap(packageFolder)));
  const packages = [...folders].map(readPackage);
  const sorted = packages.sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
  const parts = sorted.map(
    (one) => `${idOf(one)}\nLicence: ${one.licence}\n\n${one.text ?? 'The package carries no licence file.'}`,
  );
  return `Code of these packages is part of Keyturn's own files. Packages that are installed beside them carry their own licences.\n\n${parts.map((part) => part.trimEnd()).join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}

/** The folder of the package that a file belongs to, the innermost one; none for a file of the project. */
function packageFolder(path: string): readonly string[] {
  const found = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path);
  return found === null ? [] : [found[0]];
}

function readPackage(folder: string): BundledPackage {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    readonly name: string;
    readonly version: string;
    readonly license?: string;
  };
  if (license === undefined) throw new Error(`${name} names no licence.`);
  const file = existsSync(folder) ? readdirSync(folder).find((one) => /^licen[cs]e(\.|$|-)/i.test(one)) : undefined;
  return {
    name,
    version,
    licence: license,
    text: file === undefined ? null : readFileSync(join(folder, file), 'utf8'),
  };
}

function idOf({ name, version }: BundledPackage): string {
  return `${name} ${version}`;
}
