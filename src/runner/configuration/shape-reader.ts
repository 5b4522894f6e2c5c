import type { Form } from './form.ts';

/** Throws an error with the place of a fault and its description. */
export type Refusal = (place: string, reason: string) => never;

/** Reads one object of a hand-written document; refuses each fault with its place. */
export class ShapeReader {
  readonly #members: Readonly<Record<string, unknown>>;
  readonly place: string;
  readonly #refuse: Refusal;

  constructor(value: unknown, place: string, refuse: Refusal) {
    this.place = place;
    this.#refuse = refuse;
    this.#members = isObject(value) ? value : refuse(place === '' ? 'the whole file' : place, 'must be an object');
  }

  placeOf(name: string): string {
    return this.place === '' ? name : `${this.place}.${name}`;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#members, name) && this.#members[name] !== null;
  }

  names(): readonly string[] {
    return Object.keys(this.#members);
  }

  /** The members other than these, which are given in one line, separated by spaces: each a fault. */
  unknown(names: string): readonly { readonly place: string; readonly reason: string }[] {
    const known = names.split(' ');
    const others = Object.keys(this.#members).filter((name) => !known.includes(name));
    return others.map((name) => ({ place: this.placeOf(printable(name)), reason: 'is not known here' }));
  }

  /** Refuses the first unknown member. */
  only(names: string): void {
    const [fault] = this.unknown(names);
    if (fault !== undefined) this.#refuse(fault.place, fault.reason);
  }

  text(name: string, form: Form): string {
    const value = this.#own(name);
    if (typeof value !== 'string') return this.#refuse(this.placeOf(name), 'must be text');
    return form.matches.test(value) ? value : this.#refuse(this.placeOf(name), `must be ${form.means}`);
  }

  number(name: string): number {
    const value = this.#own(name);
    return typeof value === 'number' ? value : this.#refuse(this.placeOf(name), 'must be a number');
  }

  flag(name: string, absent: boolean): boolean {
    if (!this.has(name)) return absent;
    const value = this.#own(name);
    return typeof value === 'boolean' ? value : this.#refuse(this.placeOf(name), 'must be true or false');
  }

  oneOf<Word extends string>(name: string, words: readonly Word[], absent: Word | null): Word {
    if (!this.has(name) && absent !== null) return absent;
    const value = this.#own(name);
    return words.find((word) => word === value) ?? this.#refuse(this.placeOf(name), `must be ${words.join(' or ')}`);
  }

  inside(name: string): ShapeReader {
    return new ShapeReader(this.#own(name), this.placeOf(name), this.#refuse);
  }

  /** `each` may turn the fault of an entry that is not an object into `null`, which leaves it out. */
  list(name: string, each: (read: () => ShapeReader) => ShapeReader | null = (read) => read()): readonly ShapeReader[] {
    return this.#array(name).flatMap((value, index) => {
      const entry = each(() => new ShapeReader(value, `${this.placeOf(name)}[${String(index)}]`, this.#refuse));
      return entry === null ? [] : [entry];
    });
  }

  /** Empty if absent. */
  texts(name: string, form: Form): readonly string[] {
    if (!this.has(name)) return [];
    return this.#array(name).map((value, index) => {
      if (typeof value === 'string' && form.matches.test(value)) return value;
      return this.#refuse(`${this.placeOf(name)}[${String(index)}]`, `must be ${form.means}`);
    });
  }

  #array(name: string): readonly unknown[] {
    const value = this.#own(name);
    return Array.isArray(value) ? value : this.#refuse(this.placeOf(name), 'must be a list');
  }

  #own(name: string): unknown {
    return Object.hasOwn(this.#members, name) ? this.#members[name] : this.#refuse(this.placeOf(name), 'is missing');
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Makes a user-written name safe to print, because it may contain anything. */
function printable(name: string): string {
  return name.replace(/[^\x20-\x7e]/g, '?').slice(0, 60);
}
