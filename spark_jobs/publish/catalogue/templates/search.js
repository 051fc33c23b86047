/* Search without a server: every word asked for must stand in an entry of search-index.js; a word in the title counts most. */
(function () {
  "use strict";
  const box = document.getElementById("search");
  const found = document.getElementById("found");
  const { lang, root } = document.body.dataset;
  const kinds = { zh: { table: "数据集", feed: "数据源", none: "没有找到" }, en: { table: "dataset", feed: "feed", none: "nothing found" } }[lang];

  function score(entry, words) {
    const title = (entry.zh + " " + entry.en + " " + entry.id).toLowerCase();
    let points = entry.kind === "table" ? 1 : 0;
    for (const word of words) {
      if (title.includes(word)) points += 10;
      else if (entry.text.includes(word)) points += 2;
      else return 0;
    }
    return points;
  }

  function show() {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    found.replaceChildren();
    found.hidden = !words.length;
    if (!words.length) return;
    const hits = window.catalogueIndex.map((entry) => [score(entry, words), entry]).filter(([points]) => points > 0);
    hits.sort((a, b) => b[0] - a[0] || a[1].id.localeCompare(b[1].id));
    for (const [, entry] of hits.slice(0, 12)) {
      const link = document.createElement("a");
      link.href = root + entry.page;
      link.textContent = entry[lang];
      const small = document.createElement("small");
      small.textContent = kinds[entry.kind] + " · " + entry.id;
      link.append(small);
      const line = document.createElement("li");
      line.append(link);
      found.append(line);
    }
    if (!hits.length) {
      const line = document.createElement("li");
      line.className = "quiet";
      line.textContent = kinds.none;
      found.append(line);
    }
  }

  function move(step) {
    const links = [...found.querySelectorAll("a")];
    const here = links.indexOf(document.activeElement);
    const next = here + step;
    if (next < 0) box.focus();
    else if (links[next]) links[next].focus();
  }

  box.addEventListener("input", show);
  document.addEventListener("keydown", function (event) {
    const inside = event.target === box || found.contains(event.target);
    if (event.key === "/" && !inside && !/^(INPUT|TEXTAREA)$/.test(event.target.tagName)) { event.preventDefault(); box.focus(); }
    if (!inside) return;
    if (event.key === "ArrowDown") { event.preventDefault(); move(1); }
    if (event.key === "ArrowUp") { event.preventDefault(); move(-1); }
    if (event.key === "Escape") { box.value = ""; show(); box.focus(); }
    if (event.key === "Enter" && event.target === box) { const first = found.querySelector("a"); if (first) location.href = first.href; }
  });
  document.addEventListener("click", (event) => { if (!event.target.closest(".search")) found.hidden = true; });

  for (const button of document.querySelectorAll("[data-copies]")) {
    button.addEventListener("click", function () {
      const range = document.createRange();
      range.selectNodeContents(document.getElementById(button.dataset.copies));
      const selection = getSelection();
      selection.removeAllRanges();
      selection.addRange(range);
      document.execCommand("copy"); /* works from a file, where the clipboard interface may not */
      button.textContent = button.dataset.done;
    });
  }
})();
