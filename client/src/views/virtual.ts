import { Virtualizer, elementScroll, observeElementOffset, observeElementRect, type VirtualItem } from "@tanstack/virtual-core";
import type { Place } from "../domain/room";

export interface Visible {
  items: VirtualItem[];
  total: number;
}

function firstNumber(keys: readonly (string | number)[]): string | number | undefined {
  return keys.find((key) => typeof key === "number");
}

/** Rows far larger in number than the page: those in sight are kept in the document, the others are a height. */
export class VirtualList {
  private keys: readonly (string | number)[] = [];
  private readonly virtualizer: Virtualizer<HTMLElement, HTMLElement>;
  private readonly unmount: () => void;

  constructor(
    private readonly element: HTMLElement,
    private readonly onChange: (visible: Visible) => void,
  ) {
    this.virtualizer = new Virtualizer<HTMLElement, HTMLElement>(this.options());
    this.unmount = this.virtualizer._didMount();
    this.virtualizer._willUpdate();
  }

  /** Shows these rows; what is read keeps its place, at the end the end is followed, and the first time one begins there. */
  show(keys: readonly (string | number)[], beginAtEnd = true): void {
    const first = this.keys.length === 0 && keys.length > 0;
    const grownAbove = !first && firstNumber(keys) !== firstNumber(this.keys);
    const held = grownAbove ? this.inSight() : null;
    this.keys = keys;
    this.virtualizer.setOptions(this.options());
    this.virtualizer._willUpdate();
    this.tell();
    if (held !== null) this.hold(held);
    if (first && beginAtEnd) requestAnimationFrame(() => this.toEnd());
  }

  measure(row: HTMLElement): void {
    this.virtualizer.measureElement(row);
  }

  get atEnd(): boolean {
    return this.virtualizer.isAtEnd(80);
  }

  /** Brings a row into the middle: twice, for rows on the way there are measured only when they are shown. */
  toKey(key: string | number): void {
    const go = () => {
      const index = this.keys.indexOf(key);
      if (index >= 0) this.virtualizer.scrollToIndex(index, { align: "center" });
    };
    requestAnimationFrame(() => {
      go();
      requestAnimationFrame(go);
    });
  }

  /** Where the reader is, to come back to; null at the end, which is where one comes back to anyway. */
  place(): Place | null {
    return this.atEnd ? null : this.inSight();
  }

  /** Brings the reader back: twice, for rows on the way there are measured only when they are shown. */
  comeBack(place: Place): void {
    const go = () => {
      const index = this.keys.indexOf(place.key);
      if (index < 0) return;
      this.virtualizer.scrollToIndex(index, { align: "start" });
      this.hold(place);
    };
    requestAnimationFrame(() => {
      go();
      requestAnimationFrame(go);
    });
  }

  toEnd(): void {
    this.virtualizer.scrollToEnd();
  }

  stop(): void {
    this.unmount();
  }

  /** The first message in sight. Rows that only divide, such as a day's name, stay on top of what is added above. */
  private inSight(): Place | null {
    const offset = this.element.scrollTop;
    const item = this.virtualizer.getVirtualItems().find((one) => typeof this.keys[one.index] === "number" && one.end > offset);
    return item === undefined ? null : { key: this.keys[item.index]!, below: item.start - offset };
  }

  /** Brings a row back to where it was in sight. */
  private hold({ key, below }: Place): void {
    const start = this.virtualizer.measurementsCache[this.keys.indexOf(key)]?.start;
    if (start !== undefined && Math.abs(start - below - this.element.scrollTop) > 1) this.element.scrollTop = start - below;
  }

  private tell(): void {
    // The height at once: where the list corrects its offset for a row that grew, it could not scroll so far yet.
    const inner = this.element.firstElementChild as HTMLElement | null;
    if (inner !== null) inner.style.height = `${this.virtualizer.getTotalSize()}px`;
    this.onChange({ items: this.virtualizer.getVirtualItems(), total: this.virtualizer.getTotalSize() });
  }

  private options() {
    return {
      count: this.keys.length,
      getScrollElement: () => this.element,
      estimateSize: () => 96,
      overscan: 8,
      scrollToFn: elementScroll,
      observeElementRect,
      observeElementOffset,
      getItemKey: (index: number) => this.keys[index] ?? index,
      anchorTo: "end" as const,
      followOnAppend: true,
      scrollEndThreshold: 80,
      onChange: () => this.tell(),
    };
  }
}
