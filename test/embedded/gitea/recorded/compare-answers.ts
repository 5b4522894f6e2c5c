/** An answer as both sides are brought to one form. */
export interface ComparedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** A difference that is meant: where it is, and why it stays. */
export interface MeantDifference {
  /** Matched against `NAME PLACE`, such as `job-finished body.labels[]`. */
  readonly where: RegExp;
  readonly because: string;
}

/** Members whose values are facts of the server and not of the moment: they must be equal. */
const valued: ReadonlySet<string> = new Set([
  'status',
  'conclusion',
  'run_attempt',
  'event',
  'path',
  'head_branch',
  'message',
  'errors',
  'scopes',
  'events',
  'labels',
  'private',
  'fork',
  'has_actions',
  'has_issues',
  'full_name',
  'permissions',
  'label',
  'ref',
  'total_count',
  'action',
  'ok',
  'max_response_items',
  'version',
  'busy',
  'read_only',
  'count',
]);

/** Every way in which two answers differ, as `NAME PLACE: recorded …, embedded …`. */
export function differences(name: string, recorded: ComparedAnswer, embedded: ComparedAnswer): readonly string[] {
  const found: string[] = [];
  const differ = (place: string, real: unknown, ours: unknown) => {
    found.push(`${name} ${place}: recorded ${JSON.stringify(real)}, embedded ${JSON.stringify(ours)}`);
  };
  if (recorded.status !== embedded.status) differ('status', recorded.status, embedded.status);
  for (const header of ['content-type', 'x-total-count', 'link', 'location']) {
    const [real, ours] = [recorded, embedded].map(({ headers }) => plainHeader(header, headers));
    if (real !== ours) differ(header, real, ours);
  }
  compare('body', recorded.body, embedded.body);
  return found;

  function compare(place: string, real: unknown, ours: unknown): void {
    if (kindOf(real) !== kindOf(ours)) {
      differ(place, kindOf(real), kindOf(ours));
    } else if (Array.isArray(real) && Array.isArray(ours)) {
      compareLists(place, real, ours);
    } else if (isObject(real) && isObject(ours)) {
      for (const key of new Set([...Object.keys(real), ...Object.keys(ours)])) {
        if (!(key in real) || !(key in ours)) differ(`${place}.${key}`, there(key in real), there(key in ours));
        else compare(`${place}.${key}`, real[key], ours[key]);
      }
    } else if (isValued(place) && real !== ours) {
      differ(place, real, ours);
    } else if (place === 'body' && typeof real === 'string' && plainText(real) !== plainText(String(ours))) {
      differ(place, plainText(real), plainText(String(ours)));
    }
  }

  /** The order of events and the number of further rows are not facts; of the rest each element has the form of the first. */
  function compareLists(place: string, real: readonly unknown[], ours: readonly unknown[]): void {
    if (isValued(place)) {
      const sorted = [real, ours].map((list) =>
        JSON.stringify(place.endsWith('.events') ? list.map(String).toSorted(byText) : list),
      );
      if (sorted[0] !== sorted[1]) differ(place, real, ours);
      return;
    }
    if (place.endsWith('.jobs') && real.length !== ours.length) differ(`${place}.length`, real.length, ours.length);
    for (const [at, entry] of real.entries()) if (at < ours.length) compare(`${place}[]`, entry, ours[at]);
  }
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function isValued(place: string): boolean {
  // A commit has a message too, and its text is nobody's fact.
  if (place.endsWith('commit.message') || place.includes('commits[]')) return false;
  return place.split(/[.[\]]+/).some((part) => valued.has(part));
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'list' : typeof value;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return kindOf(value) === 'object';
}

function there(is: boolean): string {
  return is ? 'there' : 'absent';
}

function plainHeader(name: string, headers: Readonly<Record<string, string>>): string | undefined {
  const value = Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  return value === undefined ? undefined : withoutIds(value);
}

/** Addresses and ids differ between two servers; a page's number does not. */
function withoutIds(text: string): string {
  return text
    .replaceAll(/http:\/\/localhost:\d+/g, 'http://GITEA')
    .replaceAll(/\/(jobs|runs|keys|hooks|tokens)\/\d+/g, '/$1/ID')
    .replaceAll(/(key|repository|task) \d+/g, '$1 ID');
}

/** A log's rows without their times; stdout and stderr of one step may change places. */
function plainText(text: string): string {
  const rows = withoutIds(text).split('\n');
  return rows.map((row) => row.replace(/^\d{4}-\d\d-\d\dT[\d:.]+Z /, '')).join('\n');
}
