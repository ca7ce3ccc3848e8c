/**
 * HTML in which every value is escaped unless it is such HTML itself: a template tag, and nothing else makes it. Pure.
 */

/** A piece of HTML that is safe to send. */
export class Html {
  readonly text: string;

  /** Takes what is known to be HTML: the page's own words, never anybody's. */
  constructor(text: string) {
    this.text = text;
  }
}

/** What a template takes. What is not there, or not so, leaves no trace. */
export type Shown = Html | string | number | false | null | undefined | readonly Shown[];

/** The template tag. Values stand between tags, or in attributes within double quotes. */
export function html(words: TemplateStringsArray, ...values: readonly Shown[]): Html {
  return new Html(words.reduce((before, word, index) => before + textOf(values[index - 1]) + word));
}

function textOf(value: Shown): string {
  if (value instanceof Html) return value.text;
  if (Array.isArray(value)) return value.map(textOf).join("");
  if (value === false || value === null || value === undefined) return "";
  return String(value).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
