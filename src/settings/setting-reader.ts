import { isSettingName, type SettingName } from './setting-table.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads single variables and gathers what is wrong with them. A value never stands in a fault: it may be a secret in the wrong place. */
export interface SettingReader {
  /** What is given, without white space around it; `null` when nothing is. */
  given(name: SettingName): string | null;
  /** The same, where it is needed: `why` it is goes into the fault. */
  needed(name: SettingName, why: string): string | null;
  /** What `parse` makes of what is given; it returns `undefined` for what it refuses, which `must` describes. */
  parsed<Value>(name: SettingName, parse: (text: string) => Value | undefined, must: string): Value | null;
  /** One of several words; `otherwise` when nothing is given. */
  choice<Word extends string>(name: SettingName, words: readonly Word[], otherwise: Word): Word;
  isOn(name: SettingName): boolean;
  /** Notes a fault. */
  refuse(name: SettingName, says: string): void;
  readonly faults: readonly string[];
}

/** A variable of the fetch helper, which may meet this process in the embedded cloud. */
const notOurs = 'KEYTURN_FETCH_CONFIGURATION';

export function settingReader(environment: Environment): SettingReader {
  const faults = Object.keys(environment)
    .filter((name) => name.startsWith('KEYTURN_') && name !== notOurs && !isSettingName(name))
    .map((name) => `${name}: is no setting that Keyturn knows`);

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
