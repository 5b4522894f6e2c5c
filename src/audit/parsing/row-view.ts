import { createEventDigest, type EventParts } from './event-digest.ts';
import type { FormMatcher } from './form-matcher.ts';
import { momentAt } from './moment.ts';
import { discloses, spellOperation } from './operation-kinds.ts';
import { lastSegment, parseTime, retrievalId } from './parse-audit-row.ts';
import { type RequestedSecret, requestedSecret, vaultOf } from './requested-secret.ts';
import { locateSecret, type SecretAddress } from './secret-address.ts';
import type { textColumns } from './row-fields.ts';
import { disagrees } from './status-of-row.ts';
import type { Retrieval } from '../model/retrieval.ts';

/**
 * A read, as `parseFields` returns it. What it does not share with its neighbours is read from the bytes when it is asked for,
 * and most of it never is. It is valid until the next line is scanned.
 */
export interface RowView extends Retrieval {
  /** When it happened; milliseconds. */
  readonly moment: number;
  /** The bytes of the request id, in any case; both are 0 if the row has none. */
  readonly requestFrom: number;
  readonly requestTo: number;
  /** Where the time begins, in the log's own form. */
  readonly timeFrom: number;
  /** A number that rows of one caller have in common, and few others. */
  readonly likeness: number;
}

/** Reads the fields of the line that matched last. */
export interface FieldReaders extends Readonly<Record<keyof typeof textColumns, (bytes: Buffer) => string | null>> {
  readonly status: (bytes: Buffer) => number | null;
  /** `start`: of the line. */
  readonly identity: (bytes: Buffer, start: number) => Retrieval['identity'];
  readonly sources: (bytes: Buffer) => readonly string[];
}

/** A form of rows, and the contents in which it has their fields. */
interface ViewedForm {
  readonly matcher: FormMatcher;
  readonly read: FieldReaders;
  /** The content that has each field; -1: none has it. */
  readonly places: OwnPlaces;
  readonly common: CommonContents;
}

/** The contents that neighbouring rows often have in common. */
export interface CommonContents {
  /** They say what happened, and in which vault. */
  readonly act: readonly number[];
  /** They say who did it, and from where. */
  readonly caller: readonly number[];
}

interface OwnPlaces {
  readonly time: number;
  readonly correlation: number;
  /** -1 also if several contents may have it. */
  readonly object: number;
  readonly request: number;
}

type View = (bytes: Buffer, start: number) => RowView | null;

/** Views the lines of a form as rows; `null` for one that is not a read, or not in the log's own form. */
export function createRowView({ matcher, read, places, common }: ViewedForm): View {
  const { starts, ends } = matcher;
  const { time, correlation } = places;
  const row = new ReadRow(read, matcher, places, common.caller);
  let isRead = false;
  let seen = -1;
  let seenCaller = -1;

  /** Reads what happened. Whatever else the rows with it say, none is refused or anything but a read. */
  function readAct(bytes: Buffer): boolean {
    const written = read.operation(bytes);
    const vault = vaultOf(read.resource(bytes));
    const status = read.status(bytes);
    if (written === null || vault === null || status === null) return false;
    const operation = spellOperation(written);
    if (!discloses(operation, status) || disagrees(status, read.signature(bytes))) return false;
    row.share({ operation, status, vault, sources: read.sources(bytes) });
    return true;
  }

  return (bytes, start) => {
    const change = matcher.lastChange(common.act);
    if (change !== seen) {
      seen = change;
      isRead = readAct(bytes);
    }
    const callerChange = matcher.lastChange(common.caller);
    if (callerChange !== seenCaller) {
      seenCaller = callerChange;
      row.forgetCaller();
    }
    if (!isRead || time === -1) return null;
    const moment = momentAt(bytes, starts[time] ?? 0, ends[time] ?? 0);
    if (Number.isNaN(moment)) return null;
    const from = correlation === -1 ? 0 : (starts[correlation] ?? 0);
    const to = correlation === -1 ? 0 : (ends[correlation] ?? 0);
    const isNamed = saysSomething(bytes, from, to);
    row.turnTo(bytes, start, moment, isNamed ? from : 0, isNamed ? to : 0);
    return row;
  };
}

/** As `isText` has it. */
function saysSomething(bytes: Buffer, from: number, to: number): boolean {
  return to > from && !(to - from === 4 && bytes.toString('latin1', from, to) === 'None');
}

type ActFields = Pick<Retrieval, 'operation' | 'status' | 'vault' | 'sources'>;

/** One object for all rows of a form, because rows come by the million and are graded one at a time. */
class ReadRow implements RowView, EventParts {
  readonly format = 1;
  readonly kind = 'read';
  readonly denial = null;
  operation = '';
  status = 0;
  vault = '';
  sources: readonly string[] = [];
  moment = Number.NaN;
  requestFrom = 0;
  requestTo = 0;
  timeFrom = 0;
  timeTo = 0;
  readonly served: SecretAddress = nowhere();
  readonly asked: SecretAddress = nowhere();
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;
  /** Of the caller; `undefined` until it is asked for: rows that wait for their turn are not asked. */
  #identity: Retrieval['identity'] | undefined = undefined;
  #address: string | null | undefined = undefined;
  #client: string | null | undefined = undefined;
  readonly #digest = createEventDigest();
  /** Where the row names the secret; `null` until it is asked for. */
  #isLocated: boolean | null = null;
  /** `null` until it is asked for. */
  #correlationId: string | null = null;
  readonly #read: FieldReaders;
  readonly #matcher: FormMatcher;
  readonly #places: OwnPlaces;
  readonly #caller: readonly number[];

  constructor(read: FieldReaders, matcher: FormMatcher, places: OwnPlaces, caller: readonly number[]) {
    this.#read = read;
    this.#matcher = matcher;
    this.#places = places;
    this.#caller = caller;
  }

  /** Takes over what the rows have in common. */
  share({ operation, status, vault, sources }: ActFields): void {
    this.operation = operation;
    this.status = status;
    this.vault = vault;
    this.sources = sources;
    this.#digest.share(`${vault}\n`, `\n${operation}\n${String(status)}\n`);
  }

  /** The next rows have another caller. */
  forgetCaller(): void {
    this.#identity = undefined;
    this.#address = undefined;
    this.#client = undefined;
  }

  turnTo(bytes: Buffer, start: number, moment: number, requestFrom: number, requestTo: number): void {
    const { starts, ends } = this.#matcher;
    const { time } = this.#places;
    this.#bytes = bytes;
    this.#start = start;
    this.#isLocated = null;
    this.#correlationId = null;
    this.moment = moment;
    this.requestFrom = requestFrom;
    this.requestTo = requestTo;
    this.timeFrom = starts[time] ?? 0;
    this.timeTo = ends[time] ?? 0;
  }

  get id(): string {
    if (!this.#locate()) return retrievalId(this);
    return this.#digest.idOf(this.#bytes, this) ?? retrievalId(this);
  }

  get identity(): Retrieval['identity'] {
    this.#identity ??= this.#read.identity(this.#bytes, this.#start);
    return this.#identity;
  }

  get address(): string | null {
    if (this.#address === undefined) this.#address = this.#read.address(this.#bytes);
    return this.#address;
  }

  get client(): string | null {
    if (this.#client === undefined) this.#client = this.#read.client(this.#bytes);
    return this.#client;
  }

  get likeness(): number {
    const { starts, ends } = this.#matcher;
    let mixed = 0;
    for (let index = 0; index < this.#caller.length; index += 1) {
      const content = this.#caller[index] ?? 0;
      const to = ends[content] ?? 0;
      for (let at = Math.max(starts[content] ?? 0, to - tellingBytes); at < to; at += 1)
        mixed = Math.imul(mixed ^ (this.#bytes[at] ?? 0), 0x01000193);
    }
    return mixed >>> 0;
  }

  get at(): string {
    return this.#read.time(this.#bytes) ?? '';
  }

  get secret(): string | null {
    if (this.#locate()) return this.#lowerCase(this.served.nameFrom, this.served.nameTo);
    return requestedSecret(this.#read.object(this.#bytes)).secret ?? this.#askedInText().secret;
  }

  get version(): string | null {
    if (!this.#locate()) return requestedSecret(this.#read.object(this.#bytes)).version ?? this.#askedInText().version;
    return this.#versionAt(this.served) ?? this.#versionAt(this.asked);
  }

  get requestedVersion(): string | null {
    return this.#locate() ? this.#versionAt(this.asked) : this.#askedInText().version;
  }

  get correlationId(): string | null {
    if (this.requestTo === 0) return null;
    this.#correlationId ??= this.#lowerCase(this.requestFrom, this.requestTo);
    return this.#correlationId;
  }

  get roleAssignment(): string | null {
    return lastSegment(this.#read.assignment(this.#bytes));
  }

  get receivedAt(): string | null {
    return parseTime(this.#read.received(this.#bytes));
  }

  #askedInText(): RequestedSecret {
    return requestedSecret(this.#read.request(this.#bytes));
  }

  #versionAt({ versionFrom, versionTo }: SecretAddress): string | null {
    return versionTo === 0 ? null : this.#lowerCase(versionFrom, versionTo);
  }

  #lowerCase(from: number, to: number): string {
    return this.#bytes.toString('latin1', from, to).toLowerCase();
  }

  /** Whether both addresses of the row have the usual form; then finds what they name. */
  #locate(): boolean {
    const { object, request } = this.#places;
    this.#isLocated ??= this.#locateIn(object, this.served) && this.#locateIn(request, this.asked);
    return this.#isLocated;
  }

  #locateIn(content: number, found: SecretAddress): boolean {
    const { starts, ends } = this.#matcher;
    return content !== -1 && locateSecret(this.#bytes, starts[content] ?? 0, ends[content] ?? 0, found);
  }
}

/** The last bytes of an id or a stamp tell it from most others. */
const tellingBytes = 8;

function nowhere(): SecretAddress {
  return { nameFrom: 0, nameTo: 0, versionFrom: 0, versionTo: 0 };
}
