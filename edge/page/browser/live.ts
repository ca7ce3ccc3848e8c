/**
 * Keeps the page up to date by itself: fetches it every few seconds while somebody can see it, and puts the new main
 * element in the place of the old when something has changed. The server sends this function's source, so that it may use
 * nothing from outside itself.
 */
export function live(): void {
  const { body } = document;
  const ago = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
  const units = [
    ["day", 86_400],
    ["hour", 3600],
    ["minute", 60],
    ["second", 1],
  ] as const;
  let timer = 0;

  function tell(time: HTMLTimeElement): void {
    const at = new Date(time.dateTime);
    const today = at.toDateString() === new Date().toDateString();
    const clock = today
      ? at.toLocaleTimeString()
      : at.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
    const seconds = (at.getTime() - Date.now()) / 1000;
    const [unit, length] = units.find((candidate) => Math.abs(seconds) >= candidate[1]) ?? ["second", 1];
    time.title = at.toLocaleString();
    time.textContent = time.dataset.as === "clock" ? clock : ago.format(Math.trunc(seconds / length), unit);
  }

  function tellTimes(): void {
    for (const time of document.querySelectorAll<HTMLTimeElement>("time[data-as]")) tell(time);
  }

  // What was opened stays open, and the focus where it was.
  function swap(text: string): void {
    const fresh = new DOMParser().parseFromString(text, "text/html");
    const [main, old] = [fresh.querySelector("main"), document.querySelector("main")];
    if (main === null || old === null) return;
    for (const { id, open } of old.querySelectorAll("details")) {
      const twin = fresh.getElementById(id);
      if (twin instanceof HTMLDetailsElement) twin.open = open;
    }
    const focused = document.activeElement ?? body;
    const home = focused.closest("main [id]");
    const place = [...(home?.querySelectorAll("summary, a") ?? [])].indexOf(focused);
    old.replaceWith(main);
    const heir = document.getElementById(home?.id ?? "")?.querySelectorAll<HTMLElement>("summary, a")[place];
    heir?.focus({ preventScroll: true });
    Object.assign(body.dataset, fresh.body.dataset);
    document.title = fresh.title;
    const news = document.querySelector("[role=status]");
    const headline = fresh.querySelector("[role=status]")?.textContent ?? "";
    if (news !== null && news.textContent !== headline) news.textContent = headline;
  }

  async function refresh(): Promise<void> {
    clearTimeout(timer);
    if (document.hidden) return;
    try {
      const answer = await fetch(location.href, {
        headers: { "If-None-Match": `"${body.dataset.tag}"` },
        cache: "no-store",
        redirect: "manual",
        signal: AbortSignal.timeout(10_000),
      });
      // A session that is over is answered by the form here, and by a way to its own by Cloudflare Access.
      if (answer.status === 401 || answer.type === "opaqueredirect") return location.reload();
      // Whoever is marking text to copy it is left alone.
      if (answer.ok && getSelection()?.type !== "Range") swap(await answer.text());
      body.classList.toggle("stale", !answer.ok && answer.status !== 304);
    } catch {
      body.classList.add("stale");
    }
    tellTimes();
    timer = setTimeout(refresh, Number(body.dataset.every) * 1000);
  }

  document.addEventListener("visibilitychange", refresh);
  tellTimes();
  timer = setTimeout(refresh, Number(body.dataset.every) * 1000);
}
