/** An attribute's value; numbers are written with at most two decimals. */
type SvgValue = string | number;

/** Markup that only `svg` can create, so that nothing else can become markup in a report. */
export class SvgMarkup {
  readonly #text: string;
  /** A description for readers who cannot see the picture; empty for parts of a picture. */
  readonly description: string;

  private constructor(text: string, description: string) {
    this.#text = text;
    this.description = description;
  }

  /** One element. Every attribute and every string among the children is escaped; names come from the code, never from data. */
  static element(
    this: void,
    name: string,
    attributes: Readonly<Record<string, SvgValue>>,
    children: readonly (SvgMarkup | string)[] = [],
    description = '',
  ): SvgMarkup {
    const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(valueText(value))}"`);
    const inner = children.map((child) => (child instanceof SvgMarkup ? child.#text : escaped(child))).join('');
    const text = inner === '' ? `<${name}${written.join('')}/>` : `<${name}${written.join('')}>${inner}</${name}>`;
    return new SvgMarkup(text, description);
  }

  toString(): string {
    return this.#text;
  }
}

export const svg = SvgMarkup.element;

/** A complete picture with a title and a description for readers who cannot see it. `id` must be unique in the page. */
export function picture(
  {
    id,
    width,
    height,
    title,
    description,
    stretch = false,
  }: { id: string; width: number; height: number; title: string; description: string; stretch?: boolean },
  children: readonly SvgMarkup[],
): SvgMarkup {
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    class: 'chart',
    role: 'img',
    'aria-labelledby': `${id}-title ${id}-description`,
    viewBox: `0 0 ${valueText(width)} ${valueText(height)}`,
    width,
    height,
    ...(stretch ? { preserveAspectRatio: 'none' } : {}),
  };
  const described = [
    svg('title', { id: `${id}-title` }, [title]),
    svg('desc', { id: `${id}-description` }, [description]),
  ];
  return svg('svg', attributes, [...described, ...children], `${title}. ${description}`);
}

/** A line of text in a picture. */
export function label(
  x: number,
  y: number,
  text: string,
  attributes: Readonly<Record<string, SvgValue>> = {},
): SvgMarkup {
  return svg('text', { x, y, class: 'ink', fill: '#333a45', 'font-size': 11, ...attributes }, [text]);
}

function valueText(value: SvgValue): string {
  return typeof value === 'number' ? String(Math.round(value * 100) / 100) : value;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
