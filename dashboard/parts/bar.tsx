/** A small bar with its number in words for whoever does not see it. */
export function Bar({ value, max, label }: { value: number; max: number; label: string }) {
  const share = max > 0 ? Math.min(1, value / max) : 0;
  return (
    <svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label={label}>
      <rect class="bar-ground" width="100" height="8" />
      <rect class={share >= 0.9 ? "bar-full" : "bar-value"} width={share * 100} height="8" />
    </svg>
  );
}
