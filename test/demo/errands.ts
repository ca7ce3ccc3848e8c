/** What the tour adds to the stand-in PagerDuty's page: asking Teleport for roles, and the relay's switch. */
import { escapeHtml } from "../fakes/pagerduty/page.ts";
import type { PageErrand } from "../fakes/pagerduty/page-errands.ts";
import { ADMIN_TOKEN, PEOPLE, type Stage } from "../stage/stage.ts";
import type { RelaySwitch } from "./relay-switch.ts";

/** Roles to ask for; the last one is not among those that the tour's relay lets anybody approve. */
export const ROLES = ["dba", "auditor", "admin"] as const;

const ASKING = [PEOPLE.alice, PEOPLE.bob, PEOPLE.carol];

/** Somebody asks Teleport for a role. */
export function askErrand(stage: Stage): PageErrand {
  const people = ASKING.map(({ email, name }) => `<option value="${escapeHtml(email)}">${escapeHtml(name)}</option>`);
  const roles = [...ROLES, `${ROLES[0]}, ${ROLES[1]}`].map((role) => `<option>${escapeHtml(role)}</option>`);
  return {
    id: "ask",
    title: "Ask Teleport for a role",
    controls: () => `<label>Who asks<select name="asking">${people.join("")}</select></label>
<label>For<select name="roles">${roles.join("")}</select></label>
<label>Why<input name="reason" value="the nightly migration hangs" maxlength="500"></label>
<button class="approve">Ask</button>`,
    perform: async (fields) => {
      const user = fields.get("asking") ?? "";
      const roles = (fields.get("roles") ?? "").split(", ");
      stage.teleport.createRequest({ user, roles, reason: fields.get("reason") ?? "" });
      return null;
    },
  };
}

/** The relay is killed and started; and where the status page is. */
export function relayErrand(relay: RelaySwitch, statusPage: string): PageErrand {
  return {
    id: "relay",
    title: "See it work, and break it",
    controls:
      () => `<p><a href="${escapeHtml(statusPage)}" target="_blank">Open the status page</a> beside this one. Its token:
<code>${escapeHtml(ADMIN_TOKEN)}</code></p>
<div id="relay-switch" class="row">${switchFor(relay.state)}</div>`,
    perform: async (fields) => {
      if (fields.get("to") === "kill") {
        await relay.kill();
        return "The relay is dead. Ask and decide all the same, then start it: it makes up for what it missed.";
      }
      await relay.start();
      return "The relay is back.";
    },
  };
}

function switchFor(state: RelaySwitch["state"]): string {
  switch (state) {
    case "up":
      return '<button class="plain" name="to" value="kill">Kill the relay</button>';
    case "down":
      return '<button class="approve" name="to" value="start">Start the relay again</button>';
    case "starting":
      return '<button class="plain" disabled>The relay starts …</button>';
  }
}
