/** What somebody chose for this browser: light or dark, and the zone in which times are told. */
import { computed, signal, type ReadonlySignal, type Signal } from "@preact/signals";

const themes = ["auto", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

export class Settings {
  readonly theme: Signal<Theme>;
  /** What it comes to: `auto` is what the system has now. */
  readonly look: ReadonlySignal<"light" | "dark">;
  readonly isUtc: Signal<boolean>;

  /** @param dark Whether the system wants dark, as `matchMedia` tells. */
  constructor(
    private readonly storage: Pick<Storage, "getItem" | "setItem">,
    dark: MediaQueryList,
  ) {
    this.theme = signal(themes.find((theme) => theme === storage.getItem("theme")) ?? "auto");
    const isSystemDark = signal(dark.matches);
    dark.addEventListener("change", () => (isSystemDark.value = dark.matches));
    this.look = computed(() => {
      if (this.theme.value !== "auto") return this.theme.value;
      return isSystemDark.value ? "dark" : "light";
    });
    this.isUtc = signal(storage.getItem("zone") === "UTC");
  }

  get timeZone(): string {
    return this.isUtc.value ? "UTC" : Intl.DateTimeFormat().resolvedOptions().timeZone;
  }

  switchZone(): void {
    this.isUtc.value = !this.isUtc.value;
    this.storage.setItem("zone", this.isUtc.value ? "UTC" : "browser");
  }

  switchTheme(): void {
    const next = themes[(themes.indexOf(this.theme.value) + 1) % themes.length]!;
    this.theme.value = next;
    this.storage.setItem("theme", next);
  }
}
