import type { Call, Signals } from "../domain/alerts";

/** Hertz, and seconds from the beginning. */
interface Tone { pitch: number; at: number }

/**
 * Two soft tones, the second higher, for a notice; for a page the same three times, a third tone on top, and louder. Heard in a
 * ward, and not taken for a monitor's alarm (IEC 60601-1-8 uses bursts of one pitch).
 */
const TONES: Record<Call, readonly Tone[]> = {
  notice: [{ pitch: 523, at: 0 }, { pitch: 784, at: 0.16 }],
  page: [0, 0.9, 1.8].flatMap((at) => [{ pitch: 523, at }, { pitch: 784, at: at + 0.16 }, { pitch: 1047, at: at + 0.32 }]),
};
const LOUDNESS: Record<Call, number> = { notice: 0.12, page: 0.6 };
const LASTS = 0.35;
/** Milliseconds on, off, on. */
const PULSES: Record<Call, number[]> = { notice: [120, 80, 120], page: [400, 150, 400, 150, 800] };

export function browserSignals(title: string): Signals {
  let audio: AudioContext | null = null;
  const shown = new Map<string, Notification>();
  return {
    sound: (call) => {
      audio ??= new AudioContext();
      void audio.resume();
      for (const { pitch, at } of TONES[call]) {
        const tone = audio.createOscillator();
        const volume = audio.createGain();
        const begin = audio.currentTime + at;
        tone.frequency.value = pitch;
        volume.gain.setValueAtTime(0, begin);
        volume.gain.linearRampToValueAtTime(LOUDNESS[call], begin + 0.02);
        volume.gain.exponentialRampToValueAtTime(0.001, begin + LASTS);
        tone.connect(volume).connect(audio.destination);
        tone.start(begin);
        tone.stop(begin + LASTS);
      }
    },
    vibrate: (call) => void navigator.vibrate?.(PULSES[call]),
    permission: () => ("Notification" in globalThis ? Notification.permission : "unsupported"),
    ask: async () => "Notification" in globalThis && (await Notification.requestPermission()) === "granted",
    show: (text, tag, open, call) => {
      const its = { body: text, tag, icon: "/icon.svg", requireInteraction: call === "page" };
      try {
        const one = new Notification(title, its);
        shown.set(tag, one);
        one.onclick = () => {
          window.focus();
          open();
          one.close();
        };
      } catch {
        // Some browsers show notifications only through a service worker.
        void navigator.serviceWorker?.ready.then((worker) => worker.showNotification(title, its));
      }
    },
    hide: (tag) => {
      shown.get(tag)?.close();
      shown.delete(tag);
      void navigator.serviceWorker?.ready
        .then((worker) => worker.getNotifications?.({ tag }))
        .then((all) => all?.forEach((one) => one.close()));
    },
    badge: (count) => {
      document.title = count > 0 ? `(${count}) ${title}` : title;
      const set = count > 0 ? navigator.setAppBadge?.(count) : navigator.clearAppBadge?.();
      set?.catch(() => undefined);
    },
    looking: () => document.visibilityState === "visible" && document.hasFocus(),
  };
}
