import type { Signals } from "../domain/alerts";

/** Hertz and seconds of two soft tones, the second higher: heard in a ward, and not taken for a monitor's alarm (IEC 60601-1-8 uses bursts). */
const TONES = [{ pitch: 523, at: 0 }, { pitch: 784, at: 0.16 }];
const LASTS = 0.35;
const LOUDNESS = 0.12;
const PULSES = [120, 80, 120];

export function browserSignals(title: string): Signals {
  let audio: AudioContext | null = null;
  return {
    sound: () => {
      audio ??= new AudioContext();
      void audio.resume();
      for (const { pitch, at } of TONES) {
        const tone = audio.createOscillator();
        const volume = audio.createGain();
        const begin = audio.currentTime + at;
        tone.frequency.value = pitch;
        volume.gain.setValueAtTime(0, begin);
        volume.gain.linearRampToValueAtTime(LOUDNESS, begin + 0.02);
        volume.gain.exponentialRampToValueAtTime(0.001, begin + LASTS);
        tone.connect(volume).connect(audio.destination);
        tone.start(begin);
        tone.stop(begin + LASTS);
      }
    },
    vibrate: () => void navigator.vibrate?.(PULSES),
    permission: () => ("Notification" in globalThis ? Notification.permission : "unsupported"),
    ask: async () => "Notification" in globalThis && (await Notification.requestPermission()) === "granted",
    show: (text, tag, open) => {
      try {
        const shown = new Notification(title, { body: text, tag, icon: "/icon.svg" });
        shown.onclick = () => {
          window.focus();
          open();
          shown.close();
        };
      } catch {
        // Some browsers show notifications only through a service worker.
        void navigator.serviceWorker?.ready.then((worker) => worker.showNotification(title, { body: text, tag, icon: "/icon.svg" }));
      }
    },
    badge: (count) => {
      document.title = count > 0 ? `(${count}) ${title}` : title;
      const set = count > 0 ? navigator.setAppBadge?.(count) : navigator.clearAppBadge?.();
      set?.catch(() => undefined);
    },
    looking: () => document.visibilityState === "visible" && document.hasFocus(),
  };
}
