export type Theme = "system" | "light" | "dark";
export type Contrast = "system" | "more";

export const THEME = "theme";
export const CONTRAST = "contrast";

export function kept<T extends string>(place: string): T | "system" {
  return (localStorage.getItem(place) as T | null) ?? "system";
}

/** Shows the pages as was chosen on this device, or as the device itself is set. */
export function applyLook(): void {
  for (const place of [THEME, CONTRAST]) {
    const asDevice = place === CONTRAST && matchMedia("(prefers-contrast: more)").matches ? "more" : "system";
    const choice = kept(place) === "system" ? asDevice : kept(place);
    if (choice === "system") delete document.documentElement.dataset[place];
    else document.documentElement.dataset[place] = choice;
  }
}
