/** What people are told, they are told once. */
import type { History } from "../history.ts";

/** How the help for a mistyped command begins: it names nobody, and each who mistypes is helped once. */
const HELP = "That was not read as a decision.";

/** How a refusal begins that names nobody: whoever clicked is a machine, or is not known. */
const NAMELESS = /^Not (?:approved|denied): /;

/** How the survivor of a merge is told, once for each incident that was merged into it. */
const MERGED = "An incident for a Teleport access request was merged";

/** No incident carries the same note of ours twice. With its storage the edge loses what it has written. */
export function noNoteIsDoubled({ incidents, clicks, mistypes, losses }: History): string[] {
  if (losses.length > 0) return [];
  return incidents.flatMap(({ id, notes }) => {
    const ours = notes.filter(({ byUs }) => byUs).map(({ content }) => content);
    const mistyping = new Set(mistypes.flatMap(({ incidentId, personId }) => (incidentId === id ? [personId] : [])));
    const clicking = new Set(clicks.flatMap(({ incidentId, person }) => (incidentId === id ? [person.id] : [])));
    const merged = incidents.filter(({ statuses }) => statuses.some(({ mergedInto }) => mergedInto === id)).length;
    return [...new Set(ours)].flatMap((content) => {
      const times = ours.filter((other) => other === content).length;
      return times <= mostOf(content, { mistyping: mistyping.size, clicking: clicking.size, merged })
        ? []
        : [`${id} was told ${times} times: ${content}`];
    });
  });
}

function mostOf(content: string, of: { mistyping: number; clicking: number; merged: number }): number {
  if (content.startsWith(HELP)) return of.mistyping;
  if (content.startsWith(MERGED)) return of.merged;
  return NAMELESS.test(content) ? of.clicking : 1;
}
