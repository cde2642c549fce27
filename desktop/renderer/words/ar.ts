import { en } from "./en.ts";
import type { SixForms } from "./forms.ts";
export const ar = en as unknown as SixForms;
