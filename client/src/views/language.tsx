import { Field } from "../design/parts";
import type { App } from "../domain/app";
import { formats, locale, words } from "../words";

/** Offered beside those that the member speaks: the most spoken among physicians who write abroad. */
const COMMON = ["en", "de", "fr", "es", "it", "pt", "nl", "pl", "ar", "hi", "zh"];

/** The language in which a member begins to write: that of the pages, where they said that they speak it. */
export function ownLanguage(app: App): string {
  const own = app.me.value?.languages ?? [];
  const spoken = locale.value.split("-")[0]!;
  return own.length === 0 || own.includes(spoken) ? spoken : own[0]!;
}

/** In which language one writes here. */
export function LanguageField({ app, value, onChange }: { app: App; value: string; onChange: (language: string) => void }) {
  const languages = [...new Set([value, ...(app.me.value?.languages ?? []), ...COMMON])];
  return (
    <Field label={words.form.language}>
      {(its) => (
        <select {...its} class="input" value={value} onChange={(event) => onChange(event.currentTarget.value)}>
          {languages.map((one) => <option key={one} value={one}>{formats.language(one)}</option>)}
        </select>
      )}
    </Field>
  );
}
