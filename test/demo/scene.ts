/** The stage as the demo sets it: Bob is on call, Alice behind him, and only some roles may be approved. */
import { PEOPLE, Stage } from "../stage/stage.ts";

/** Sets it; ready when the relay watches and is linked. */
export async function setScene(): Promise<Stage> {
  const stage = await Stage.set({ policy: { approvable_roles: '["dba", "auditor"]' } });
  // Alice too is on call, behind Bob: nobody may approve their own request all the same.
  stage.pagerDuty.setOnCall("PPOLICY", [[PEOPLE.bob.id], [PEOPLE.alice.id]]);
  return stage;
}
