/** What `validator` says when the contract is broken. Knows rules and words; knows no request. */
import { BridgeError } from "../../errors.ts";
import { RULES, type RuleId, type RuleKey, ruleId } from "./rules.ts";

/** Which side of the contract broke it: what was called, or what called it (a server, or middleware in between). */
export type Blame = "app" | "gateway";

/** A broken rule. `found` is a clause without a full stop; `fix` is a sentence. */
export interface Finding {
  readonly blame: Blame;
  readonly rule: RuleKey;
  readonly found: string;
  readonly fix: string;
}

/** Something that works here and may not work everywhere, or that was noticed too late to be thrown. */
export interface ValidationWarning {
  /** Stable: `"VAL-05"`. */
  readonly rule: RuleId;
  /** Where the rule is written. */
  readonly clause: string;
  readonly blame: Blame;
  /** In plain words: whose fault, which rule, what was found, what to do. */
  readonly message: string;
}

/** One side broke PEP 3333, says `validator`: `blame` tells which, `rule` and `clause` which rule. */
export class ValidationError extends BridgeError implements ValidationWarning {
  readonly code = "ERR_WSGI_VALIDATION" as const;
  readonly status = 500 as const;
  /** Stable: `"VAL-18"`. */
  readonly rule: RuleId;
  /** Where the rule is written: `'PEP 3333, "The start_response() Callable"'`. */
  readonly clause: string;
  /** The side to mend. */
  readonly blame: Blame;

  constructor(finding: Finding) {
    const { rule, clause, blame, message } = describe(finding);
    super(message);
    this.rule = rule;
    this.clause = clause;
    this.blame = blame;
  }
}

/** To be thrown: the app did what no app may do. */
export function appBroke(rule: RuleKey, found: string, fix: string): ValidationError {
  return new ValidationError({ blame: "app", rule, found, fix });
}

/** To be thrown: the gateway did what no gateway may do. */
export function gatewayBroke(rule: RuleKey, found: string, fix: string): ValidationError {
  return new ValidationError({ blame: "gateway", rule, found, fix });
}

/** Where one request's warnings go; each is given once. */
export class Warnings {
  readonly #warn: (warning: ValidationWarning) => void;
  readonly #said: Set<string> = new Set();

  constructor(warn: (warning: ValidationWarning) => void) {
    this.#warn = warn;
  }

  app(rule: RuleKey, found: string, fix: string): void {
    this.#say({ blame: "app", rule, found, fix });
  }

  gateway(rule: RuleKey, found: string, fix: string): void {
    this.#say({ blame: "gateway", rule, found, fix });
  }

  #say(finding: Finding): void {
    const warning = describe(finding);
    if (this.#said.has(warning.message)) return;
    this.#said.add(warning.message);
    this.#warn(warning);
  }
}

function describe({ blame, rule, found, fix }: Finding): ValidationWarning {
  const id = ruleId(rule);
  const { clause } = RULES[rule];
  return { rule: id, clause, blame, message: `the ${blame} breaks ${id} (${clause}): ${found}. ${fix}` };
}
