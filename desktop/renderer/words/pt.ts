import { en } from "./en.ts";
import type { ThreeForms } from "./forms.ts";
export const pt = en as unknown as ThreeForms;
