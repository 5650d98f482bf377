const WORKER = "/sw.js";

interface Policies {
  createPolicy(name: string, rules: { createScriptURL: (url: string) => string }): { createScriptURL(url: string): string };
}

/** Installs the service worker, by which the application opens without a network. Where that is refused it needs one. */
export async function installWorker(): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  // The only script that is ever named by code: the policy lets nothing else pass.
  const policies = (globalThis as { trustedTypes?: Policies }).trustedTypes;
  const policy = policies?.createPolicy("lounge", { createScriptURL: (url) => (url === WORKER ? url : "") });
  try {
    await navigator.serviceWorker.register(policy?.createScriptURL(WORKER) ?? WORKER);
  } catch {
    // A private window, or a policy of the browser's owner.
  }
}
