import { harmlessLine } from '../command-line/harmless-line.ts';
import { parseFingerprint } from '../evidence/verify/parse-fingerprint.ts';
import { verifyChain } from '../evidence/verify/verify-chain.ts';
import { checkPack, type NewerPack, type PackCheck } from './check-pack.ts';
import { blobEntry, findPacks, type FoundPack, type PackEntry } from './pack-entries.ts';
import { readZip } from './read-zip.ts';

/** What the person gave last: files by path, and zips that cannot be read. */
interface Given {
  readonly files: ReadonlyMap<string, PackEntry>;
  readonly refused: readonly { readonly name: string; readonly because: string }[];
}

const result = element('result');
const progress = element('progress');
const trustField = element('trust') as HTMLTextAreaElement;
let given: Given | null = null;
let newestRun = 0;

for (const id of ['folder', 'zip']) {
  const input = element(id) as HTMLInputElement;
  input.addEventListener('change', () => void take([...(input.files ?? [])].map(withPath)));
}
trustField.addEventListener('change', () => void check());
document.addEventListener('dragover', (event) => event.preventDefault());
document.addEventListener('drop', (event) => {
  event.preventDefault();
  void droppedFiles(event.dataTransfer).then(take);
});

interface NamedFile {
  readonly path: string;
  readonly file: File;
}

function withPath(file: File): NamedFile {
  return { path: file.webkitRelativePath || file.name, file };
}

async function droppedFiles(transfer: DataTransfer | null): Promise<readonly NamedFile[]> {
  // The items are gone after the first wait.
  const items = [...(transfer?.items ?? [])].map((item) => ({
    entry: item.webkitGetAsEntry(),
    file: item.getAsFile(),
  }));
  const files: NamedFile[] = [];
  for (const { entry, file } of items) {
    if (entry !== null) files.push(...(await filesBelow(entry)));
    else if (file !== null) files.push(withPath(file));
  }
  return files;
}

async function filesBelow(entry: FileSystemEntry): Promise<readonly NamedFile[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return [{ path: entry.fullPath.replace(/^\//, ''), file }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: NamedFile[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return found;
    for (const one of some) found.push(...(await filesBelow(one)));
  }
}

async function take(named: readonly NamedFile[]): Promise<void> {
  const files = new Map<string, PackEntry>();
  const refused: { name: string; because: string }[] = [];
  const zips = named.filter(({ path }) => !path.includes('/') && /\.zip$/i.test(path));
  for (const { path, file } of named) if (!zips.some((zip) => zip.file === file)) files.set(path, blobEntry(file));
  for (const { path, file } of zips) {
    const contents = await readZip(file);
    if (contents.outcome === 'refused') refused.push({ name: path, because: contents.because });
    else for (const [name, entry] of contents.files) files.set(`${path}/${name}`, entry);
  }
  given = { files, refused };
  await check();
}

async function check(): Promise<void> {
  if (given === null) return;
  newestRun += 1;
  const run = newestRun;
  const lines = trustField.value.split(/\n/).filter((text) => text.trim() !== '');
  const trust = lines.map(parseFingerprint);
  const isWrong = trust.includes(null);
  trustField.setAttribute('aria-invalid', String(isWrong));
  if (isWrong) {
    show([verdict('bad', 'Not checked: a fingerprint is sha256: and 64 hexadecimal digits.')]);
    return;
  }
  const trusted = trust.filter((one) => one !== null);
  const packs = findPacks(given.files);
  const shown: Node[] = given.refused.map(({ name, because }) =>
    article(name, [verdict('bad', `broken: not a zip that this page reads, because ${because}`)]),
  );
  const checks: { readonly directory: string; readonly verification: PackCheck }[] = [];
  for (const pack of packs) {
    const outcome = await checkPack(pack.entries, trusted, (doing) => {
      if (run === newestRun) progress.textContent = `Checking ${harmlessLine(doing)} …`;
    });
    if (run !== newestRun) return;
    if (outcome.outcome === 'newer') shown.push(describeNewer(pack, outcome));
    else {
      checks.push({ directory: pack.folder, verification: outcome });
      shown.push(describePack(pack, outcome));
    }
  }
  if (shown.length === 0)
    shown.push(verdict('bad', 'No pack was found: give the folder that holds manifest.json, or its zip.'));
  if (packs.length > 1) shown.push(checks.length === packs.length ? describeChain(checks) : openChain());
  show(shown);
}

function describeNewer({ folder }: FoundPack, { reason }: NewerPack): Node {
  return article(titleOf(folder), [
    verdict('open', `neither intact nor broken: ${reason}`),
    line('p', 'Check it with the templates/verify.html of the version that made it.'),
  ]);
}

/** A pack that this page does not know may be a link of the chain. */
function openChain(): Node {
  return article('The chain of packs', [verdict('open', 'not checked: a pack was written by a newer version')]);
}

function titleOf(folder: string): string {
  return folder === '' ? 'The pack' : folder;
}

function describePack(
  { folder, entries }: FoundPack,
  { outcome, signer, statement, fingerprint, ...found }: PackCheck,
): Node {
  const files = [...new Set(found.faults.map(({ file }) => file))].join(', ');
  const marks = [
    ...(statement?.predicate.status === 'provisional' ? ['provisional'] : []),
    ...(statement?.predicate.synthetic === true ? ['synthetic'] : []),
  ];
  const who = {
    trusted: 'signed by the key you trust',
    'not-verified': 'signer not verified',
    'not-trusted': 'signed by another key',
  }[signer];
  const message = [outcome === 'intact' ? 'intact' : `broken: ${files}`, who, ...marks].join('; ');
  const trustedOrOpen = signer === 'trusted' ? 'good' : 'open';
  const kind = outcome === 'broken' ? 'bad' : trustedOrOpen;
  const { predicate } = statement ?? {};
  const facts: readonly (readonly [string, string])[] = [
    ...(predicate === undefined
      ? []
      : ([
          ['Pack', predicate.pack],
          ['Organisation', predicate.organisation],
          ['Period', `${predicate.period.from} to ${predicate.period.to}, end excluded`],
          ['Reads, findings', `${String(predicate.reads.total)}, ${String(predicate.findings)}`],
          ['Follows', predicate.previous?.pack ?? 'nothing: the first of its archive, or made from files'],
        ] as const)),
    ['Sealed by', fingerprint ?? 'no key that can be read'],
    ['Files given', String(entries.size)],
  ];
  return article(titleOf(folder), [
    verdict(kind, message),
    list(
      'ul',
      found.faults.map(
        ({ file, row, message: says }) => `${file}${row === null ? '' : `, row ${String(row)}`}: ${says}`,
      ),
    ),
    definitions(facts),
    heading('h3', 'What was checked'),
    list('ul', found.checked),
  ]);
}

function describeChain(checks: Parameters<typeof verifyChain>[0]): Node {
  // Folders come in the order of their names; packs of one archive are given in the order of their chain.
  const { outcome, message, faults, keyChanges } = verifyChain(inChainOrder(checks));
  return article('The chain of packs', [
    verdict(outcome === 'whole' ? 'good' : 'bad', outcome === 'whole' ? message : `broken: ${message}`),
    list('ul', [
      ...faults.map(({ directory, code, message: says }) => `${code}: ${directory} ${says}`),
      ...keyChanges.map(({ pack, from, to }) => `From ${pack} on, ${to} seals in the place of ${from}.`),
    ]),
  ]);
}

/** Each pack after the one that it follows, as far as the packs say. */
function inChainOrder(checks: Parameters<typeof verifyChain>[0]): Parameters<typeof verifyChain>[0] {
  const after = new Map(checks.map((one) => [one.verification.link?.previous?.statementSha256 ?? '', one]));
  const digests = new Set(checks.map(({ verification }) => verification.link?.statementSha256));
  const ordered = checks.filter(({ verification: { link } }) => !digests.has(link?.previous?.statementSha256));
  for (let last = ordered.at(-1); last !== undefined; ) {
    const next = after.get(last.verification.link?.statementSha256 ?? ' ');
    if (next === undefined || ordered.includes(next)) break;
    ordered.push(next);
    last = next;
  }
  return [...ordered, ...checks.filter((one) => !ordered.includes(one))];
}

function show(nodes: readonly Node[]): void {
  progress.textContent = '';
  result.replaceChildren(...nodes);
}

function article(title: string, parts: readonly Node[]): Node {
  const node = document.createElement('article');
  node.append(heading('h2', title), ...parts);
  return node;
}

function verdict(kind: 'good' | 'open' | 'bad', text: string): Node {
  const node = line('p', text);
  node.className = `verdict ${kind}`;
  return node;
}

function heading(level: 'h2' | 'h3', text: string): Node {
  return line(level, text);
}

function list(kind: 'ul', lines: readonly string[]): Node {
  const node = document.createElement(kind);
  node.append(...lines.map((text) => line('li', text)));
  return node;
}

function definitions(facts: readonly (readonly [string, string])[]): Node {
  const node = document.createElement('dl');
  node.append(...facts.flatMap(([term, text]) => [line('dt', term), line('dd', text)]));
  return node;
}

/** An element with text alone: what a pack says is never markup, and hidden characters are shown. */
function line(kind: string, text: string): HTMLElement {
  const node = document.createElement(kind);
  node.textContent = harmlessLine(text);
  return node;
}

function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new TypeError(`The page has no element ${id}.`);
  return found;
}
