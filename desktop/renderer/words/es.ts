import { en } from "./en.ts";
import type { ThreeForms } from "./forms.ts";
export const es = en as unknown as ThreeForms;
