/** The console: signs in, then shows the page that the address names. */

import "@cloudscape-design/global-styles/index.css";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createRoot } from "react-dom/client";
import { connect, Problem } from "../api/client";
import { texts } from "../languages/language";
import { signInTexts } from "../languages/sign-in";
import { startSession } from "../sign-in/session";
import { App } from "./shell/app";

async function start(): Promise<void> {
  const root = document.querySelector<HTMLElement>("#root")!;
  try {
    const session = await startSession();
    // The client of the API itself tries again what may pass.
    const queries = new QueryClient({ defaultOptions: { queries: { retry: false, staleTime: 2_000, throwOnError: isUnexpected } } });
    createRoot(root).render(
      <QueryClientProvider client={queries}>
        <App api={connect(session)} session={session} />
      </QueryClientProvider>,
    );
  } catch (error) {
    console.error(error);
    root.textContent = texts(signInTexts).cannotStart;
    root.setAttribute("role", "alert");
  }
}

/** What the API refuses is said by the page that asked; anything else is a fault of ours. */
function isUnexpected(error: unknown): boolean {
  return !(error instanceof Problem);
}

void start();
