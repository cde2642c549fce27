import { en } from "./en.ts";
import type { ThreeForms } from "./forms.ts";
export const fr = en as unknown as ThreeForms;
