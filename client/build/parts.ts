import type { Plugin } from "vite";
import { LANGUAGES } from "./catalogue.ts";

/** Parts that are for developers: no device needs to keep them. */
const LANGUAGE = new RegExp(`^assets/(${LANGUAGES.join("|")})-`);
const SELDOM = /^assets\/(page|en-XA|ar-XB)-/;

/**
 * Names in the page all parts of the build that are fetched later: the service worker keeps those that were needed once, and
 * the views, without which a device that is offline could open nothing.
 */
export function parts(): Plugin {
  return {
    name: "parts",
    transformIndexHtml: {
      order: "post",
      handler(html, { bundle }) {
        const files = Object.values(bundle ?? {});
        const later = files.filter((one) => /^assets\/.*\.(js|css)$/.test(one.fileName) && !html.includes(one.fileName) && !SELDOM.test(one.fileName));
        const isView = (name: string) => !LANGUAGE.test(name);
        const named = (wanted: boolean) => later.filter((one) => isView(one.fileName) === wanted).map((one) => `/${one.fileName}`).join(" ");
        return [
          { tag: "meta", attrs: { name: "views", content: named(true) }, injectTo: "head" },
          { tag: "meta", attrs: { name: "parts", content: named(false) }, injectTo: "head" },
        ];
      },
    },
  };
}
