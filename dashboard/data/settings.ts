/** What somebody chose for this browser: light or dark, and the zone in which times are told. */
import { signal, type Signal } from "@preact/signals";

const themes = ["auto", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

export class Settings {
  readonly theme: Signal<Theme>;
  readonly isUtc: Signal<boolean>;

  constructor(private readonly storage: Pick<Storage, "getItem" | "setItem">) {
    this.theme = signal(themes.find((theme) => theme === storage.getItem("theme")) ?? "auto");
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
