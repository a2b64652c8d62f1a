export type { ValidatorOptions } from "./wsgi/validate/options.ts";
export type { RuleId } from "./wsgi/validate/rules.ts";
export { type Blame, ValidationError, type ValidationWarning } from "./wsgi/validate/validation-error.ts";
export { validator } from "./wsgi/validate/validator.ts";
