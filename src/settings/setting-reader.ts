import { nearestName } from './nearest-name.ts';
import { isSettingName, settingTable, type SettingName } from './setting-table.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads single variables and collects what is wrong with them. A fault never repeats a value, which may be a misplaced secret. */
export interface SettingReader {
  /** Returns the text without white space around it; `null` if none is given. */
  given(name: SettingName): string | null;
  /** The same for a required setting; the fault says `why` it is required. */
  needed(name: SettingName, why: string): string | null;
  /** Returns what `parse` makes of the text. `parse` returns `undefined` for what it refuses; `must` describes what it takes. */
  parsed<Value>(name: SettingName, parse: (text: string) => Value | undefined, must: string): Value | null;
  /** Returns one of several words, or `otherwise` if nothing is given. */
  choice<Word extends string>(name: SettingName, words: readonly Word[], otherwise: Word): Word;
  isOn(name: SettingName): boolean;
  /** Adds a fault. */
  refuse(name: SettingName, says: string): void;
  readonly faults: readonly string[];
}

/** A variable of the fetch helper, which this process may have in the embedded cloud. */
const notOurs = 'KEYTURN_FETCH_CONFIGURATION';

export function settingReader(environment: Environment): SettingReader {
  const faults = Object.keys(environment)
    .filter((name) => name.startsWith('KEYTURN_') && name !== notOurs && !isSettingName(name))
    .map((name) => {
      const meant = nearestName(name, Object.keys(settingTable));
      return `${name}: unknown setting${meant === null ? '' : `; did you mean ${meant}?`}`;
    });

  function refuse(name: SettingName, says: string): void {
    const fault = `${name}: ${says}`;
    // One variable may serve two purposes and be wrong for both.
    if (!faults.includes(fault)) faults.push(fault);
  }

  function given(name: SettingName): string | null {
    const text = environment[name]?.trim() ?? '';
    return text === '' ? null : text;
  }

  function parsed<Value>(name: SettingName, parse: (text: string) => Value | undefined, must: string): Value | null {
    const text = given(name);
    if (text === null) return null;
    const value = parse(text);
    if (value !== undefined) return value;
    refuse(name, `must be ${must}`);
    return null;
  }

  function choice<Word extends string>(name: SettingName, words: readonly Word[], otherwise: Word): Word {
    return parsed(name, (text) => words.find((word) => word === text), words.join(' or ')) ?? otherwise;
  }

  return {
    given,
    needed(name, why) {
      const text = given(name);
      if (text === null) refuse(name, `is missing: ${why}`);
      return text;
    },
    parsed,
    choice,
    isOn: (name) => choice(name, ['on', 'off'], 'off') === 'on',
    refuse,
    faults,
  };
}
