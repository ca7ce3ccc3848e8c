/** What people are told, they are told once. */
import type { History } from "../history.ts";

/** How the help for a mistyped command begins: it names nobody, and each who mistypes is helped once. */
const HELP = "That was not read as a decision.";

/** How a refusal begins that names nobody: whoever clicked is a machine, or is not known. */
const NAMELESS = /^Not (?:approved|denied): /;

/** No incident carries the same note of ours twice. With its storage the edge loses what it has written. */
export function noNoteIsDoubled({ incidents, clicks, mistypes, losses }: History): string[] {
  if (losses.length > 0) return [];
  return incidents.flatMap(({ id, notes }) => {
    const ours = notes.filter(({ byUs }) => byUs).map(({ content }) => content);
    const mistyping = new Set(mistypes.flatMap(({ incidentId, personId }) => (incidentId === id ? [personId] : [])));
    const clicking = new Set(clicks.flatMap(({ incidentId, person }) => (incidentId === id ? [person.id] : [])));
    return [...new Set(ours)].flatMap((content) => {
      const times = ours.filter((other) => other === content).length;
      const nameless = NAMELESS.test(content) ? clicking.size : 1;
      const most = content.startsWith(HELP) ? mistyping.size : nameless;
      return times <= most ? [] : [`${id} was told ${times} times: ${content}`];
    });
  });
}
