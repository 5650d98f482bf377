import type { Draft, Patient, Summary } from "../protocol/messages";
import { AGES, resultsOf } from "./summary";

/** The steps in which a case is written; none of them must be gone through in order. */
export const STEPS = ["question", "patient", "findings", "audience", "preview"] as const;
export type Step = (typeof STEPS)[number];

export const LIMITS = { title: 200, presentation: 20_000, question: 2_000, history: 5_000, examination: 5_000 } as const;

/** A case as it is being written: texts as they stand in the fields. */
export interface Form {
  title: string;
  specialty: string;
  urgency: Draft["urgency"];
  question: string;
  presentation: string;
  age: string;
  unit: Patient["unit"];
  sex: Patient["sex"];
  history: string;
  examination: string;
  /** One result a line. */
  investigations: string;
  audience: "all" | "specialties" | "members";
  specialties: string[];
  members: string;
  language: string;
  /** The country in which who is paged must be licensed; empty where it does not matter. */
  licence: string;
  step: Step;
  /** The key under which this draft is posted, however often it is tried. */
  key: string;
}

export type Name = "title" | "specialty" | "question" | "presentation" | "age" | "history" | "examination" | "investigations" | "specialties" | "members";

/** What is wrong with a field: nothing in it, too many characters, an age that cannot be, lines that are no results. */
export type Wrong = { kind: "needed" } | { kind: "long"; by: number } | { kind: "age"; most: number } | { kind: "unread"; lines: number };

/** Where each field is written. */
export const STEP_OF: Record<Name, Step> = {
  title: "question", specialty: "question", question: "question", presentation: "patient", age: "patient",
  history: "findings", examination: "findings", investigations: "findings", specialties: "audience", members: "audience",
};

export function blank(key: string, language: string): Form {
  return {
    title: "", specialty: "", urgency: "urgent", question: "", presentation: "", age: "", unit: "years", sex: "other", history: "", examination: "",
    investigations: "", audience: "all", specialties: [], members: "", language, licence: "", step: "question", key,
  };
}

/** A draft that was kept, or null where none can be read. */
export function restored(text: string, language: string): Form | null {
  try {
    const kept = JSON.parse(text || "null") as Form | null;
    return kept === null ? null : { ...blank(kept.key, language), ...kept };
  } catch {
    return null;
  }
}

export function handles(text: string): string[] {
  return [...new Set(text.toLowerCase().split(/[\s,;]+/).filter(Boolean))];
}

/** What is wrong, in the order of the fields. */
export function wrongs(form: Form): Map<Name, Wrong> {
  const found = new Map<Name, Wrong>();
  const long = (name: keyof typeof LIMITS) => {
    const by = [...form[name]].length - LIMITS[name];
    if (by > 0) found.set(name, { kind: "long", by });
  };
  const needed = (name: "title" | "question" | "presentation") => (form[name].trim() ? long(name) : found.set(name, { kind: "needed" }));
  needed("title");
  if (!form.specialty) found.set("specialty", { kind: "needed" });
  needed("question");
  const most = AGES[form.unit];
  if (form.age.trim() && !(/^\d{1,3}$/.test(form.age.trim()) && Number(form.age) <= most)) found.set("age", { kind: "age", most });
  needed("presentation");
  long("history");
  long("examination");
  const { results, unread } = resultsOf(form.investigations);
  if (unread.length > 0) found.set("investigations", { kind: "unread", lines: unread.length });
  else if (results.length > 60) found.set("investigations", { kind: "long", by: results.length - 60 });
  if (form.audience === "specialties" && form.specialties.length === 0) found.set("specialties", { kind: "needed" });
  if (form.audience === "members" && handles(form.members).length === 0) found.set("members", { kind: "needed" });
  return found;
}

/** What is sent: also what the preview shows, as far as it is written. */
export function drafted(form: Form): Draft & { summary: Summary; language: string } {
  const age = form.age.trim();
  return {
    title: form.title.trim(),
    specialty: form.specialty,
    urgency: form.urgency,
    presentation: form.presentation.trim(),
    question: form.question.trim(),
    summary: {
      patient: /^\d{1,3}$/.test(age) ? { age: Number(age), unit: form.unit, sex: form.sex } : null,
      history: form.history.trim(),
      examination: form.examination.trim(),
      investigations: resultsOf(form.investigations).results,
    },
    audience: {
      kind: form.audience,
      specialties: form.audience === "specialties" ? form.specialties : [],
      members: form.audience === "members" ? handles(form.members) : [],
    },
    language: form.language,
    licence: form.licence || null,
  };
}

