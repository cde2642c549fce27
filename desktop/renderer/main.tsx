/** Where the page begins. */
import { showPage } from "#ui/begin.tsx";
import { App } from "./app.tsx";
import { startWords } from "./words.ts";

await startWords();
showPage(<App />);
