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

test.each([
  ["CRP 120 mg/L <5", "CRP", "120", "mg/L", null, 5],
  ["Troponin T 41 ng/L < 14", "Troponin T", "41", "ng/L", null, 14],
  ["Hb 10.1 g/dL 12.0-15.5", "Hb", "10.1", "g/dL", 12, 15.5],
  ["Na+ 131 mmol/L 135-145 L", "Na+", "131", "mmol/L", 135, 145],
  ["fT3 31 pmol/l [3.1 - 6.8] H", "fT3", "31", "pmol/l", 3.1, 6.8],
  ["Platelets 98 10^9/L (150-400)", "Platelets", "98", "10^9/L", 150, 400],
  ["eGFR 28 mL/min/1.73 m² (>90)", "eGFR", "28", "mL/min/1.73 m²", 90, null],
  ["fT4\t68,4 pmol/L\t12–22", "fT4", "68,4", "pmol/L", 12, 22],
  ["ferritin 1,180 µg/L (30-400)", "ferritin", "1,180", "µg/L", 30, 400],
  ["beta-hCG negative", "beta-hCG", "negative", "", null, null],
  ["Na 131, K 3.1", "Na 131, K 3.1", "–", "", null, null],
  ["seems well today", "seems well today", "–", "", null, null],
  ["Sodium 140 mmol/L (145-135)", "Sodium 140 mmol/L (145-135)", "–", "", null, null],
])("%s is taken as it is meant", (line, name, value, unit, low, high) => {
  expect(resultOf(line)).toEqual({ name, value, unit, low, high });
});

test.each(["", "   ", "x".repeat(141)])("%j is none", (line) => {
  expect(resultOf(line)).toBeNull();
});

test("lines that are too long for a result are given back, and bullets are passed over", () => {
  const long = "looks unwell ".repeat(12).trim();
  expect(resultsOf(`- Sodium 118 mmol/L (133-146)\n\n${long}\n• Urea: 4.1`)).toEqual({
    results: [
      { name: "Sodium", value: "118", unit: "mmol/L", low: 133, high: 146 },
      { name: "Urea", value: "4.1", unit: "", low: null, high: null },
    ],
    unread: [long],
  });
});

test("a result beside its range is flagged, and a word never is", () => {
  const of = (value: string, low: number | null, high: number | null) => flagOf({ name: "x", value, unit: "", low, high });
  expect([of("7.1", 3.5, 5.3), of("3,4", 3.5, 5.3), of("3.5", 3.5, 5.3), of("positive", 0, 1), of("9", null, null)]).toEqual(
    ["high", "low", null, null, null],
  );
  expect([numberOf("120/80"), numberOf("12:30"), numberOf("> 60"), numberOf("-2.5"), numberOf("1,180")]).toEqual([null, null, 60, -2.5, null]);
});
