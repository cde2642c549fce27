import { en } from "./en.ts";
import type { TwoForms } from "./forms.ts";
export const sw = en as unknown as TwoForms;
