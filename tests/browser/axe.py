"""axe-core over what a page shows, for light, dark, keys and screen readers.

Outputs of JupyterLab are copied to a page of their own with its style sheets: among its scrolling panes axe cannot see what
text stands on, and its visual rules (contrast, size of targets) would pass without a look.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

COPY = """
(selector) => {
  const rules = (sheet) => { try { return [...sheet.cssRules].map((rule) => rule.cssText).join("\\n"); } catch { return ""; } };
  const css = [...document.styleSheets].map(rules).join("\\n");
  const nodes = [...document.querySelectorAll(selector)];
  nodes.forEach((node) => node.querySelectorAll("input").forEach((field) => field.setAttribute("value", field.value)));
  const body = document.body.cloneNode(false);
  const ground = getComputedStyle(document.querySelector(".jp-Notebook") || document.body).backgroundColor;
  body.style.cssText = `position: static; overflow: visible; height: auto; background: ${ground}`;
  body.innerHTML = `<main><h1>Copy</h1>${nodes.map((node) => node.outerHTML).join("")}</main>`;
  const free = ".lm-Widget { position: static !important; contain: none !important }";
  return `<!doctype html><html lang="en"><head><title>Copy</title><style>${css} ${free}</style></head>${body.outerHTML}</html>`;
}
"""
RUN = """
() => axe.run(document, {
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  rules: { "label-content-name-mismatch": { enabled: true }, "target-size": { enabled: true } },
})
"""


def findings(page: Any) -> list[str]:
    """What axe finds on a page, moderate or worse."""
    page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate(RUN)
    assert sum(len(rule["nodes"]) for rule in found["passes"] if rule["id"] == "color-contrast") > 5
    return [
        f"{rule['id']} ({rule['impact']}): {node['html'][:200]} {node['failureSummary']}"
        for rule in found["violations"]
        if rule["impact"] != "minor"
        for node in rule["nodes"]
    ]


def findings_in_copy(page: Any, selector: str) -> list[str]:
    """The same for a copy of the outputs that a selector finds."""
    copy = page.context.new_page()
    copy.set_viewport_size({"width": 1200, "height": 3000})
    try:
        copy.set_content(page.evaluate(COPY, selector))
        return findings(copy)
    finally:
        copy.close()
