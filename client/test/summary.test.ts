import { expect, test } from "vitest";
import { flagOf, lineOf, numberOf, resultOf, resultsOf } from "../src/domain/summary";

test.each([
  ["Potassium 7.1 mmol/L (3.5-5.3)", { name: "Potassium", value: "7.1", unit: "mmol/L", low: 3.5, high: 5.3 }],
  ["Kalium: 7,1 mmol/l (3,5 – 5,3)", { name: "Kalium", value: "7,1", unit: "mmol/l", low: 3.5, high: 5.3 }],
  ["CRP 112 mg/L (<5)", { name: "CRP", value: "112", unit: "mg/L", low: null, high: 5 }],
  ["eGFR = 48 mL/min/1.73m² (> 60)", { name: "eGFR", value: "48", unit: "mL/min/1.73m²", low: 60, high: null }],
  ["Troponin T < 14 ng/L", { name: "Troponin T", value: "< 14", unit: "ng/L", low: null, high: null }],
  ["HbA1c 48 mmol/mol (ref: 20-42)", { name: "HbA1c", value: "48", unit: "mmol/mol", low: 20, high: 42 }],
  ["Blood cultures: negative, six", { name: "Blood cultures", value: "negative, six", unit: "", low: null, high: null }],
  ["pH 7.21 (7.35-7.45)", { name: "pH", value: "7.21", unit: "", low: 7.35, high: 7.45 }],
  ["Oxygen saturation 88%", { name: "Oxygen saturation", value: "88", unit: "%", low: null, high: null }],
])("%s is a result", (line, result) => {
  expect(resultOf(line)).toEqual(result);
  expect(resultOf(lineOf(result))).toEqual(result);
});

test.each(["", "   ", "seems well today", "Sodium 140 mmol/L (145-135)"])("%j is none", (line) => {
  expect(resultOf(line)).toBeNull();
});

test("lines that are no results are given back, and bullets are passed over", () => {
  expect(resultsOf("- Sodium 118 mmol/L (133-146)\n\nlooks unwell\n• Urea: 4.1")).toEqual({
    results: [
      { name: "Sodium", value: "118", unit: "mmol/L", low: 133, high: 146 },
      { name: "Urea", value: "4.1", unit: "", low: null, high: null },
    ],
    unread: ["looks unwell"],
  });
});

test("a result beside its range is flagged, and a word never is", () => {
  const of = (value: string, low: number | null, high: number | null) => flagOf({ name: "x", value, unit: "", low, high });
  expect([of("7.1", 3.5, 5.3), of("3,4", 3.5, 5.3), of("3.5", 3.5, 5.3), of("positive", 0, 1), of("9", null, null)]).toEqual(
    ["high", "low", null, null, null],
  );
  expect([numberOf("120/80"), numberOf("12:30"), numberOf("> 60"), numberOf("-2.5")]).toEqual([null, null, 60, -2.5]);
});

test("a line that is too long for a result is none", () => {
  expect(resultOf(`Sodium 140${" ".repeat(300)}`)).toBeNull();
});
