/** The errors and warnings of `validator`. Knows rules and messages; knows no request. */
import { BridgeError } from "../../errors.ts";
import { RULES, type RuleId, type RuleKey, ruleId } from "./rules.ts";

/** Which side broke the contract: the app, or its caller (a server, or middleware between the two). */
export type Blame = "app" | "gateway";

/** A broken rule. `found` is a clause without a full stop; `fix` is a whole sentence. */
export interface Finding {
  readonly blame: Blame;
  readonly rule: RuleKey;
  readonly found: string;
  readonly fix: string;
}

/** A warning: something works here but may fail on other servers, or was noticed too late for an error. */
export interface ValidationWarning {
  /** The rule, such as `"VAL-05"`. It never changes. */
  readonly rule: RuleId;
  /** Where the rule is written. */
  readonly clause: string;
  /** The side that must be fixed. */
  readonly blame: Blame;
  /** Whose fault it is, which rule is broken, what was found, and what to do. */
  readonly message: string;
}

/** Thrown by `validator` when one side breaks PEP 3333. `blame` tells which side; `rule` and `clause` tell which rule. */
export class ValidationError extends BridgeError implements ValidationWarning {
  readonly code = "ERR_WSGI_VALIDATION" as const;
  readonly status = 500 as const;
  /** The rule, such as `"VAL-18"`. It never changes. */
  readonly rule: RuleId;
  /** Where the rule is written, such as `'PEP 3333, "The start_response() Callable"'`. */
  readonly clause: string;
  /** The side that must be fixed. */
  readonly blame: Blame;

  constructor(finding: Finding) {
    const { rule, clause, blame, message } = describe(finding);
    super(message);
    this.rule = rule;
    this.clause = clause;
    this.blame = blame;
  }
}

/** Returns the error for a rule that the app broke. The caller throws it. */
export function appError(rule: RuleKey, found: string, fix: string): ValidationError {
  return new ValidationError({ blame: "app", rule, found, fix });
}

/** Returns the error for a rule that the gateway broke. The caller throws it. */
export function gatewayError(rule: RuleKey, found: string, fix: string): ValidationError {
  return new ValidationError({ blame: "gateway", rule, found, fix });
}

/** Reports the warnings of one request, each of them once. */
export class Warnings {
  readonly #warn: (warning: ValidationWarning) => void;
  readonly #reported: Set<string> = new Set();

  constructor(warn: (warning: ValidationWarning) => void) {
    this.#warn = warn;
  }

  app(rule: RuleKey, found: string, fix: string): void {
    this.#report({ blame: "app", rule, found, fix });
  }

  gateway(rule: RuleKey, found: string, fix: string): void {
    this.#report({ blame: "gateway", rule, found, fix });
  }

  #report(finding: Finding): void {
    const warning = describe(finding);
    if (this.#reported.has(warning.message)) return;
    this.#reported.add(warning.message);
    this.#warn(warning);
  }
}

function describe({ blame, rule, found, fix }: Finding): ValidationWarning {
  const id = ruleId(rule);
  const { clause } = RULES[rule];
  return { rule: id, clause, blame, message: `the ${blame} breaks ${id} (${clause}): ${found}. ${fix}` };
}
