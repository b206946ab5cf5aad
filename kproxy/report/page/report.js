"use strict";
(() => {
  const form = document.querySelector(".filter");
  const findings = [...document.querySelectorAll(".finding")];
  const open = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (target instanceof HTMLDetailsElement) target.open = true;
  };
  addEventListener("hashchange", open);
  open();
  if (!form) return;
  const has = (finding, name, value) => !value || finding.dataset[name].split(" ").includes(value);
  const apply = () => {
    let shown = 0;
    for (const finding of findings) {
      const fits = has(finding, "resources", form.resource.value) && has(finding, "places", form.place.value);
      finding.hidden = !fits;
      shown += fits;
    }
    form.querySelector("output").textContent = shown === findings.length ? "" : `${shown} of ${findings.length} findings`;
  };
  form.hidden = false;
  form.addEventListener("change", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
})();
