import { cleanup, fireEvent, render } from "@testing-library/preact";
import { useState } from "preact/hooks";
import { afterEach, expect, test } from "vitest";
import type { App } from "../src/domain/app";
import { SpecialtiesPicker, SpecialtyPicker } from "../src/views/specialtypicker";

const catalogue = {
  groups: [{ id: "medicine", name: "Medicine" }, { id: "brain-mind", name: "Brain and mind" }],
  specialties: [
    { id: "cardiology", name: "Cardiology", group: "medicine", synonyms: ["heart"] },
    { id: "heart-failure", name: "Heart failure", group: "medicine", synonyms: [] },
    { id: "stroke", name: "Stroke medicine", group: "brain-mind", synonyms: ["stroke doctor"] },
  ],
};
const name = (list: { id: string; name: string }[]) => (id: string) => list.find((one) => one.id === id)!.name;
const app = { catalogue, specialty: name(catalogue.specialties), group: name(catalogue.groups) } as unknown as App;
afterEach(cleanup);

const its = { id: "its", "aria-describedby": "d", "aria-invalid": false };

function one() {
  let chosen = "";
  let sent = 0;
  function Form() {
    const [value, set] = useState("");
    chosen = value;
    return <form onSubmit={() => { sent++; }}><SpecialtyPicker app={app} its={its} name="specialty" value={value} onChange={set} /></form>;
  }
  const page = render(<Form />);
  return { page, search: page.getByLabelText("Find a specialty"), list: page.container.querySelector("select")!, chosen: () => chosen, sent: () => sent };
}

const found = (page: { container: Element }) => [...page.container.querySelectorAll(".found span:first-child")].map((its) => its.textContent);

test("what is typed lists what is meant, the best first, and says how many there are", () => {
  const { page, search } = one();
  expect(page.getByRole("status").textContent).toBe("");
  fireEvent.input(search, { target: { value: "heart" } });
  expect(found(page)).toEqual(["Cardiology", "Heart failure"]);
  expect(page.getByRole("status").textContent).toBe("2 specialties found");
  fireEvent.input(search, { target: { value: "heartt" } });
  expect(page.getByRole("status").textContent).toMatch(/^Nothing found/);
});

test("pressing one chooses it in the list, which is then in focus, and ends the search", () => {
  const { page, search, list, chosen } = one();
  fireEvent.input(search, { target: { value: "stroke d" } });
  fireEvent.click(page.getByRole("button", { name: /Stroke medicine/ }));
  expect([chosen(), list.value, (search as HTMLInputElement).value]).toEqual(["stroke", "stroke", ""]);
  expect(document.activeElement).toBe(list);
  expect(found(page)).toEqual([]);
});

test("Enter takes the first, sends no form, and does nothing where nothing was found", () => {
  const { search, chosen, sent } = one();
  fireEvent.input(search, { target: { value: "nobody" } });
  expect(fireEvent.keyDown(search, { key: "Enter" })).toBe(false);
  expect(chosen()).toBe("");
  fireEvent.input(search, { target: { value: "hear" } });
  expect(fireEvent.keyDown(search, { key: "Enter" })).toBe(false);
  expect([chosen(), sent()]).toEqual(["heart-failure", 0]);
});

test("the list has all of them by group, and can be chosen from without the search", () => {
  const { list, chosen } = one();
  expect([...list.querySelectorAll("optgroup")].map((group) => [group.label, group.children.length])).toEqual([["Medicine", 2], ["Brain and mind", 1]]);
  fireEvent.change(list, { target: { value: "stroke" } });
  expect(chosen()).toBe("stroke");
});

test("several are gathered, once each, and left out again", () => {
  let chosen: string[] = [];
  function Form() {
    const [value, set] = useState<string[]>(["stroke"]);
    chosen = value;
    return <SpecialtiesPicker app={app} its={its} name="specialties" value={value} onChange={set} />;
  }
  const page = render(<Form />);
  const search = page.getByLabelText("Find a specialty");
  for (const typed of ["heart", "cardio"]) {
    fireEvent.input(search, { target: { value: typed } });
    fireEvent.keyDown(search, { key: "Enter" });
  }
  expect(chosen).toEqual(["stroke", "cardiology"]);
  expect([...page.container.querySelectorAll("option")].filter((option) => option.selected).map((option) => option.value)).toEqual(["cardiology", "stroke"]);
  fireEvent.click(page.getByRole("button", { name: "Leave out Stroke medicine" }));
  expect(chosen).toEqual(["cardiology"]);
});
