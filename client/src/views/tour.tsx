import { useSignal } from "@preact/signals";
import { Button } from "../design/parts";
import type { App } from "../domain/app";
import { formats, words } from "../words";

const PLACE = "tour seen";

/** Four short cards for who sees the demonstration for the first time; they lie over nothing that is to be read. */
export function Tour({ app }: { app: App }) {
  const at = useSignal(0);
  const seen = useSignal(app.world.local.getItem(PLACE) !== null);
  if (!app.about.value?.demo || seen.value) return null;
  const cards = Object.values(words.tour.cards);
  const card = cards[at.value]!;
  const end = () => {
    app.world.local.setItem(PLACE, "yes");
    seen.value = true;
  };
  const last = at.value === cards.length - 1;
  return (
    <aside class="tour" aria-label={words.tour.title}>
      <p class="small soft">{words.tour.at({ n: formats.number(at.value + 1), all: formats.number(cards.length) })}</p>
      <div aria-live="polite">
        <h2>{card.title}</h2>
        <p>{card.text}</p>
      </div>
      <div class="actions">
        <Button kind="primary" onClick={() => { if (last) end(); else at.value++; }}>{last ? words.tour.done : words.tour.next}</Button>
        {!last && <Button kind="quiet" onClick={end}>{words.tour.skip}</Button>}
      </div>
    </aside>
  );
}
