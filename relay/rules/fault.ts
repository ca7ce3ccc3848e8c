/** Why a condition of an Access Monitoring Rule cannot be read or answered: thrown inside `rules/`, a value outside of it. */

/** A condition that cannot be read or answered. Its message is one sentence for whoever wrote the rule. */
export class ConditionFault extends Error {
  override readonly name = "ConditionFault";
}
