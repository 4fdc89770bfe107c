// Wide tables scroll within themselves: a keyboard can scroll only what it can reach.
addEventListener("load", () => {
  for (const table of document.querySelectorAll(".md-typeset__scrollwrap")) table.tabIndex = 0;
});
