/**
 * What can be done beside the incidents on the page: errands of whoever set the stage, such as asking Teleport for a role.
 * The stand-in knows nothing of what they do. Their HTML is trusted: whoever brings one escapes its values.
 */

/** One form of the page. */
export interface PageErrand {
  /** A word for its address, such as `ask`. */
  readonly id: string;
  readonly title: string;
  /** The fields and buttons of its form as they are now: HTML. */
  readonly controls: () => string;
  /** Does it; a sentence that the page then shows, or null when what happens speaks for itself. */
  readonly perform: (fields: URLSearchParams) => Promise<string | null>;
}

/** All errands, above the incidents; nothing where there are none. */
export function errandsFor(errands: readonly PageErrand[]): string {
  if (errands.length === 0) return "";
  const forms = errands.map(
    ({ id, title, controls }) =>
      `<form id="errand-${id}" method="post" action="/page/errands/${id}"><h2>${title}</h2>${controls()}</form>`,
  );
  return `<aside aria-label="Beside PagerDuty">${forms.join("")}</aside>`;
}
