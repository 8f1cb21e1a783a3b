/** A gate's URL for people and logs: without its password. */
export function shownUrl(url: URL | string): string {
  const shown = URL.parse(url);
  if (shown === null || shown.password === "") return String(url);
  shown.password = "";
  return shown.href;
}
