/** Where the page begins. */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { startWords } from "./words.ts";

await startWords();
const place = document.querySelector("#page");
if (!place) throw new Error("the page has no place for its screens");
createRoot(place).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
